// SPDX-License-Identifier: Apache-2.0
// A pipeline of blocks: the writing thread cuts the stream, workers compress, and the writing thread hands finished blocks to the sink
// in order. Never more than kBlocksPerJob blocks per worker are on the way, so memory stays flat however slow the sink is.
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "archive/compress_block.hpp"
#include "archive/compression.hpp"
#include "base/error.hpp"

namespace resole::archive {

namespace {

constexpr std::size_t kBlocksPerJob = 3;

struct Block {
  std::string raw;
  std::string compressed;
  std::exception_ptr failure;
  bool done = false;
};

// Takes blocks and gives them back compressed in the same order.
class Workers {
 public:
  Workers(Compression compression, unsigned jobs) : most_(jobs * kBlocksPerJob) {
    for (unsigned i = 0; i < jobs; ++i) {
      threads_.emplace_back([this, compression] { work(compression); });
    }
  }
  ~Workers() {
    {
      const std::lock_guard lock(mutex_);
      stop_ = true;
    }
    work_waits_.notify_all();
  }

  bool full() const { return blocks_.size() >= most_; }
  bool empty() const { return blocks_.empty(); }

  void submit(std::string raw) {
    auto block = std::make_shared<Block>();
    block->raw = std::move(raw);
    blocks_.push_back(block);
    {
      const std::lock_guard lock(mutex_);
      waiting_.push_back(std::move(block));
    }
    work_waits_.notify_one();
  }

  // The oldest block; waits for it. Rethrows what compressing it threw.
  std::string take() {
    const std::shared_ptr<Block> block = std::move(blocks_.front());
    blocks_.pop_front();
    std::unique_lock lock(mutex_);
    block_done_.wait(lock, [&] { return block->done; });
    if (block->failure) std::rethrow_exception(block->failure);
    return std::move(block->compressed);
  }

 private:
  void work(Compression compression) {
    std::unique_ptr<BlockCompressor> compressor;
    while (const std::shared_ptr<Block> block = next()) {
      try {
        if (!compressor) compressor = std::make_unique<BlockCompressor>(compression);
        block->compressed = compressor->compress(block->raw);
      } catch (...) {
        block->failure = std::current_exception();
      }
      block->raw = {};
      {
        const std::lock_guard lock(mutex_);
        block->done = true;
      }
      block_done_.notify_one();
    }
  }

  std::shared_ptr<Block> next() {
    std::unique_lock lock(mutex_);
    work_waits_.wait(lock, [&] { return stop_ || !waiting_.empty(); });
    if (stop_) return nullptr;
    std::shared_ptr<Block> block = std::move(waiting_.front());
    waiting_.pop_front();
    return block;
  }

  const std::size_t most_;
  std::deque<std::shared_ptr<Block>> blocks_;  // in order; only the writing thread touches it
  std::mutex mutex_;
  std::condition_variable work_waits_, block_done_;
  std::deque<std::shared_ptr<Block>> waiting_;
  bool stop_ = false;
  std::vector<std::jthread> threads_;  // last: they end before what they use
};

}  // namespace

struct Compressor::State {
  State(Compression which, Sink& out, unsigned jobs) : sink(out), alone(which) {
    if (jobs > 1 && which != Compression::none) workers = std::make_unique<Workers>(which, jobs);
  }

  void emit_block() {
    if (!workers) {
      sink.write(alone.compress(raw));
      raw.clear();
    } else {
      if (workers->full()) sink.write(workers->take());
      workers->submit(std::move(raw));
      raw = {};
    }
    any = true;
  }

  Sink& sink;
  BlockCompressor alone;
  std::unique_ptr<Workers> workers;
  std::string raw;  // the block being filled
  bool any = false, finished = false;
};

Compressor::Compressor(Compression compression, Sink& sink, unsigned jobs) : state_(std::make_unique<State>(compression, sink, jobs)) {}

Compressor::~Compressor() = default;

void Compressor::write(std::string_view bytes) {
  if (state_->finished) throw Error(ErrorKind::internal, "bytes were written to a compressor that was finished");
  while (!bytes.empty()) {
    if (state_->raw.empty()) state_->raw.reserve(kBlockSize);
    const std::size_t count = std::min(bytes.size(), kBlockSize - state_->raw.size());
    state_->raw.append(bytes.substr(0, count));
    bytes.remove_prefix(count);
    if (state_->raw.size() == kBlockSize) state_->emit_block();
  }
}

void Compressor::finish() {
  if (state_->finished) return;
  state_->finished = true;
  if (!state_->raw.empty() || !state_->any) state_->emit_block();  // nothing at all is one empty member: a valid file
  while (state_->workers && !state_->workers->empty()) state_->sink.write(state_->workers->take());
  state_->workers.reset();
}

}  // namespace resole::archive
