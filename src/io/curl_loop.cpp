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

CurlLoop::CurlLoop() : multi_(new_multi()), thread_([this](const std::stop_token& stopping) { run(stopping); }) {}

CurlLoop::~CurlLoop() {
  thread_.request_stop();
  curl_multi_wakeup(multi_);
  thread_.join();
  curl_multi_cleanup(multi_);
}

CurlLoop::Handle CurlLoop::prepare(CURL* easy, std::function<void()> ended) {
  auto transfer = std::make_shared<Transfer>();
  transfer->easy = easy;
  transfer->ended = std::move(ended);
  return transfer;
}

CURLcode CurlLoop::wait(Transfer& transfer) { return transfer.code.get_future().get(); }
void CurlLoop::start(const Handle& transfer) { order(Wish::start, transfer); }
void CurlLoop::resume(const Handle& transfer) { order(Wish::resume, transfer); }
void CurlLoop::stop(const Handle& transfer) { order(Wish::stop, transfer); }

void CurlLoop::order(Wish wish, const Handle& transfer) {
  {
    const std::lock_guard lock(mutex_);
    orders_.push_back({wish, transfer});
  }
  curl_multi_wakeup(multi_);
}

void CurlLoop::run(const std::stop_token& stopping) {
  while (!stopping.stop_requested()) {
    carry_out_orders();
    int active = 0;
    curl_multi_perform(multi_, &active);
    release_finished();
    curl_multi_poll(multi_, nullptr, 0, running_.empty() ? kIdleMilliseconds : kWatchMilliseconds, nullptr);
  }
  carry_out_orders();
  while (!running_.empty()) end(running_.begin(), CURLE_ABORTED_BY_CALLBACK);
}

void CurlLoop::carry_out_orders() {
  std::vector<Order> orders;
  {
    const std::lock_guard lock(mutex_);
    orders.swap(orders_);
  }
  for (const auto& [wish, transfer] : orders) {
    if (transfer->easy == nullptr) continue;  // ended meanwhile
    if (wish == Wish::start) admit(transfer);
    // May call the transfer's callbacks at once, which may pause it again.
    if (wish == Wish::resume) curl_easy_pause(transfer->easy, CURLPAUSE_CONT);
    if (wish == Wish::stop) end(find(transfer->easy), CURLE_ABORTED_BY_CALLBACK);
  }
}

void CurlLoop::admit(const Handle& transfer) {
  running_.push_back(transfer);
  if (curl_multi_add_handle(multi_, transfer->easy) != CURLM_OK) end(running_.end() - 1, CURLE_FAILED_INIT);
}

void CurlLoop::release_finished() {
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    const CURLcode code = message->data.result;  // the message dies with the removal
    end(find(message->easy_handle), code);
  }
}

CurlLoop::Transfers::iterator CurlLoop::find(const CURL* easy) {
  return std::find_if(running_.begin(), running_.end(), [&](const Handle& transfer) { return transfer->easy == easy; });
}

// The promise comes last: whoever waits for it may take down everything that the transfer's callbacks use.
void CurlLoop::end(Transfers::iterator position, CURLcode code) {
  const Handle transfer = std::move(*position);
  running_.erase(position);
  curl_multi_remove_handle(multi_, transfer->easy);
  transfer->easy = nullptr;
  transfer->ended();
  transfer->code.set_value(code);
}

}  // namespace resole::io
