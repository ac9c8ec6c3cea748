// SPDX-License-Identifier: Apache-2.0
// A response whose body is pulled: the loop fills a buffer of a megabyte and pauses when it is full; whoever reads resumes it.
#include <condition_variable>
#include <mutex>
#include <optional>

#include "io/byte_queue.hpp"
#include "io/client_core.hpp"
#include "io/exchange.hpp"
#include "io/route.hpp"

namespace resole::io {

namespace {

constexpr std::size_t kBuffered = 1u << 20;

class PulledResponse final : public HttpStream, private Intake {
 public:
  PulledResponse(std::shared_ptr<ClientCore> core, const HttpRequest& request)
      : core_(std::move(core)), request_(request), hops_(request_), bytes_(kBuffered, [this] { exchange_->resume(); }) {
    // The first head that is not a redirect, or the end of what has none.
    while (!head_comes()) {
      outcome_ = exchange_->finish();
      if (!hops_.follow(*outcome_)) return;
      outcome_.reset();
    }
  }

  const HttpHead& head() const override { return head_; }

  std::size_t read(char* buffer, std::size_t capacity) override {
    if (capacity == 0 || outcome_) return 0;
    const std::size_t count = bytes_.get(buffer, capacity);
    if (count == 0) conclude();
    return count;
  }

  HttpOutcome outcome() override {
    if (!outcome_) {
      exchange_->break_off();
      conclude();
    }
    return *outcome_;
  }

 private:
  enum class State { asked, answered, over };

  bool head_comes() {
    state_ = State::asked;
    exchange_.emplace(core_->loop,
                      ExchangeSetting{.options = core_->options,
                                      .policy = core_->policy,
                                      .sockets = core_->sockets,
                                      .request = request_,
                                      .route = hops_.route(),
                                      .keeps_redirects = hops_.follows(),
                                      .may_wait = true},
                      static_cast<Intake&>(*this));
    exchange_->start();
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return state_ != State::asked; });
    return state_ == State::answered;
  }

  void conclude() {
    outcome_ = HttpOutcome{.ending = Ending::failed, .head = head_, .trouble = "the response could not be read"};  // when finish() throws
    outcome_ = exchange_->finish();
  }

  // The loop's thread.
  bool head(const HttpHead& head) override {
    const std::lock_guard lock(mutex_);
    head_ = head;
    state_ = State::answered;
    changed_.notify_one();
    return true;
  }
  Flow body(std::string_view bytes) override { return bytes_.offer(bytes) ? Flow::on : Flow::wait; }
  bool waits_for_reader() const override { return bytes_.turned_away(); }
  void ended() override {
    const std::lock_guard lock(mutex_);
    if (state_ == State::answered) bytes_.close();
    if (state_ == State::asked) state_ = State::over;
    changed_.notify_one();
  }

  const std::shared_ptr<ClientCore> core_;
  const HttpRequest request_;
  Hops hops_;
  std::mutex mutex_;
  std::condition_variable changed_;
  State state_ = State::asked;
  HttpHead head_;
  ByteQueue bytes_;
  std::optional<HttpOutcome> outcome_;
  std::optional<Exchange> exchange_;  // the first to go: it uses the others until it has ended
};

}  // namespace

std::unique_ptr<HttpStream> open_stream(std::shared_ptr<ClientCore> core, const HttpRequest& request) {
  return std::make_unique<PulledResponse>(std::move(core), request);
}

}  // namespace resole::io
