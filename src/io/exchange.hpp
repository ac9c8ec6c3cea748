// SPDX-License-Identifier: Apache-2.0
// One request and its response, without redirects, as a transfer of the loop. The thread that asked starts it, feeds it a body, and waits.
#pragma once
#include <curl/curl.h>

#include <array>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "io/curl_loop.hpp"
#include "io/http_client.hpp"
#include "io/leftover.hpp"
#include "io/open_sockets.hpp"
#include "io/route.hpp"
#include "io/stall_watch.hpp"
#include "io/upload_pump.hpp"

namespace resole::io {

enum class Flow {
  on,
  stop,  // the rest is not wanted
  wait,  // these bytes were not taken; they come again after Exchange::resume()
};

// Where a response goes. Called on the loop's thread, which must not be kept waiting.
class Intake {
 public:
  virtual ~Intake() = default;
  virtual bool head(const HttpHead& head) = 0;  // false: stop
  virtual Flow body(std::string_view bytes) = 0;
  virtual bool waits_for_reader() const { return false; }  // Flow::wait was the answer, and resume() was not called since
  virtual void ended() {}                                  // however it ended; nothing more comes
};

struct ExchangeSetting {
  const HttpClientOptions& options;
  const HostPolicy& policy;
  OpenSockets& sockets;
  const HttpRequest& request;
  const Route& route;
  bool keeps_redirects = false;  // a 3xx with a Location is not the intake's
  bool may_wait = false;         // the intake may answer Flow::wait
  bool fresh_connection = false;
};

class Exchange {
 public:
  // What the setting refers to, and the intake, outlive the exchange.
  Exchange(CurlLoop& loop, const ExchangeSetting& setting, Intake& intake);
  ~Exchange();  // breaks off what still runs
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  HttpOutcome run();  // start, the request's body, finish

  void start();
  void resume();
  void break_off();
  // Waits for the end. Throws what the intake threw, and Error(refused) for an address that may not be reached.
  HttpOutcome finish();

  // The kept connection turned out dead after a part of the body had been read for it. Nothing is wrong, but the body must be opened again;
  // only idempotent requests may be (RFC 9112 section 9.3.1), since the server may have taken that part.
  bool must_start_again() const { return start_again_ && request_.method == "PUT"; }

 private:
  template <class Value>
  void set(CURLoption option, Value value);
  void add_field(const std::string& field);
  void configure(const ExchangeSetting& setting);
  void configure_connection(const ExchangeSetting& setting);
  void configure_tls(const TlsOptions& tls, const std::string& system_authorities);
  void configure_message(const ExchangeSetting& setting);
  void configure_body(const HttpRequest& request);
  void configure_callbacks();

  // curl's callbacks; no exception may pass through curl.
  static curl_socket_t open_socket(void* self, curlsocktype, curl_sockaddr* wanted);
  static int before_request(void* self, char* address, char*, int port, int local_port);
  static int watch(void* self, curl_off_t, curl_off_t received, curl_off_t, curl_off_t sent);
  static std::size_t take_head_line(char* data, std::size_t, std::size_t size, void* self);
  static std::size_t take_body(char* data, std::size_t, std::size_t size, void* self);
  static std::size_t give_body(char* buffer, std::size_t, std::size_t size, void* self);
  template <class Step>
  Flow guarded(Step&& step);

  Flow head_line(std::string_view line);
  Flow head_end();
  Flow body(std::string_view bytes);
  bool answer_is_here();
  void hear_last_words();
  void pump();
  CURLcode wait();
  HttpOutcome outcome(CURLcode code);
  bool is_tls_trouble(CURLcode code) const;
  bool was_answered_early() const;

  struct EasyDeleter {
    void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
  };
  struct ListDeleter {
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
  };

  CurlLoop& loop_;
  OpenSockets& sockets_;
  const HttpRequest& request_;
  const Url url_;
  Intake& intake_;
  const bool keeps_redirects_;
  Reach reach_;
  std::string proxy_;
  StallWatch stall_;
  std::optional<UploadPump> upload_;
  int socket_ = -1;  // while curl has it
  Leftover leftover_;
  std::unique_ptr<CURL, EasyDeleter> easy_;
  std::unique_ptr<curl_slist, ListDeleter> fields_;
  CurlLoop::Handle transfer_;
  bool running_ = false;  // started, and the end was not waited for yet

  std::array<char, CURL_ERROR_SIZE> message_{};
  HttpHead head_;
  std::size_t head_bytes_ = 0, unwanted_bytes_ = 0;
  unsigned looks_for_answer_ = 0;
  bool head_done_ = false, wanted_ = true, stopped_ = false, stalled_ = false, refused_ = false, start_again_ = false;
  std::string refused_address_;
  std::exception_ptr thrown_;
};

}  // namespace resole::io
