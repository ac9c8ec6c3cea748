// SPDX-License-Identifier: Apache-2.0
#include "io/curl_loop.hpp"

#include <algorithm>

#include "base/error.hpp"

namespace resole::io {

namespace {

constexpr int kWatchMilliseconds = 250;    // how often transfers are looked at when nothing arrives (stalls, cancelling)
constexpr int kIdleMilliseconds = 60'000;  // curl_multi_wakeup ends a poll early
constexpr long kKeptConnections = 16;

CURLM* new_multi() {
  static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);  // once per process, safe by the rules for static initialisation
  CURLM* multi = ready == CURLE_OK ? curl_multi_init() : nullptr;
  if (multi == nullptr) throw Error(ErrorKind::internal, "libcurl cannot be initialised");
  curl_multi_setopt(multi, CURLMOPT_PIPELINING, long{CURLPIPE_MULTIPLEX});
  curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, kKeptConnections);
  return multi;
}

}  // namespace

// The job lives on the stack of a caller that returns as soon as the value is there, so the promise is taken out first.
void CurlLoop::finish(Job& job, CURLcode code) {
  auto ended = std::move(job.ended);
  ended.set_value(code);
}

CurlLoop::CurlLoop() : multi_(new_multi()), thread_([this](const std::stop_token& stopping) { run(stopping); }) {}

CurlLoop::~CurlLoop() {
  thread_.request_stop();
  curl_multi_wakeup(multi_);
  thread_.join();
  curl_multi_cleanup(multi_);
}

CURLcode CurlLoop::perform(CURL* transfer) {
  Job job{transfer, {}};
  auto ended = job.ended.get_future();
  {
    const std::lock_guard lock(mutex_);
    arriving_.push_back(&job);
  }
  curl_multi_wakeup(multi_);
  return ended.get();
}

void CurlLoop::run(const std::stop_token& stopping) {
  std::vector<Job*> running;
  while (!stopping.stop_requested()) {
    admit_arrivals(running);
    int active = 0;
    curl_multi_perform(multi_, &active);
    release_finished(running);
    curl_multi_poll(multi_, nullptr, 0, running.empty() ? kIdleMilliseconds : kWatchMilliseconds, nullptr);
  }
}

void CurlLoop::admit_arrivals(std::vector<Job*>& running) {
  std::vector<Job*> arrived;
  {
    const std::lock_guard lock(mutex_);
    arrived.swap(arriving_);
  }
  for (Job* job : arrived) {
    if (curl_multi_add_handle(multi_, job->transfer) == CURLM_OK) {
      running.push_back(job);
    } else {
      finish(*job, CURLE_FAILED_INIT);
    }
  }
}

void CurlLoop::release_finished(std::vector<Job*>& running) {
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    const CURLcode code = message->data.result;  // the message dies with the removal
    const auto found = std::find_if(running.begin(), running.end(), [&](const Job* job) { return job->transfer == message->easy_handle; });
    Job* job = *found;
    running.erase(found);
    curl_multi_remove_handle(multi_, job->transfer);
    finish(*job, code);
  }
}

}  // namespace resole::io
