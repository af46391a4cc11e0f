// A stand-in for a Pushgateway: answers every request with one text, and keeps the requests.
#ifndef NARTHEX_TESTS_RECORDER_HPP
#define NARTHEX_TESTS_RECORDER_HPP

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <string>
#include <vector>

#include "support/fake_server.hpp"

namespace support {

class recorder {
 public:
  explicit recorder(std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
      : answer_(answer), server_([this](guest& g) { serve(g); }) {}

  std::string url() const { return server_.url(); }
  /// From now on.
  void answer_with(const std::string& text) {
    const std::lock_guard<std::mutex> held(lock_);
    answer_ = text;
  }
  std::vector<std::string> all() {
    const std::lock_guard<std::mutex> held(lock_);
    return requests_;
  }
  std::size_t count() { return all().size(); }
  /// "PUT", "POST", ... in their order.
  std::string verbs() {
    std::string out;
    for (const std::string& r : all()) out += (out.empty() ? "" : " ") + r.substr(0, r.find(' '));
    return out;
  }
  /// Waits until there are as many requests.
  void wait_for(std::size_t wanted) {
    std::unique_lock<std::mutex> held(lock_);
    while (requests_.size() < wanted) came_.wait(held);
  }

 private:
  void serve(guest& g) {
    const std::string request = g.read_request();
    std::string answer;
    {
      const std::lock_guard<std::mutex> held(lock_);
      requests_.push_back(request);
      answer = answer_;
    }
    came_.notify_all();
    if (answer.empty()) g.idle();
    else g.send(answer);
  }

  std::mutex lock_;
  std::condition_variable came_;
  std::string answer_;
  std::vector<std::string> requests_;
  fake_server server_;
};

/// The value of a sample in a request or page, as it is written; "" when it is not there.
inline std::string sample_of(const std::string& page, const std::string& name) {
  const std::size_t at = page.find("\n" + name + " ");
  if (at == std::string::npos) return "";
  const std::size_t begin = at + name.size() + 2;
  return page.substr(begin, page.find('\n', begin) - begin);
}

}  // namespace support

#endif  // NARTHEX_TESTS_RECORDER_HPP
