// What only Windows has: <windows.h> and its macros around our headers, Winsock that must be started, handles that are inherited,
// files that cannot be replaced while somebody reads them.
#include "support/catch.hpp"

// Whole, with min and max, and with the old <winsock.h> that <winsock2.h> does not stand behind.
#undef NOMINMAX
#undef WIN32_LEAN_AND_MEAN
#include <windows.h>
#if !defined(min) && !defined(max)  // MinGW keeps them from C++; the SDK does not
#define min(a, b) (((a) < (b)) ? (a) : (b))
#define max(a, b) (((a) > (b)) ? (a) : (b))
#endif

#include <narthex/build_info.hpp>
#include <narthex/count_exceptions.hpp>
#include <narthex/expiring_family.hpp>
#include <narthex/http_server.hpp>
#include <narthex/narthex.hpp>
#include <narthex/process_collector.hpp>
#include <narthex/push_gateway.hpp>
#include <narthex/testing.hpp>
#include <narthex/textfile.hpp>
#include <narthex/timer.hpp>

#if !defined(min) || !defined(max) || !defined(_WINSOCKAPI_) || defined(_WINSOCK2API_)
#error "the macros of <windows.h> are not as they were"
#endif

#include <string>
#include <thread>
#include <vector>

namespace nx = narthex;

namespace {

struct shop {
  nx::registry mine;
  nx::counter things{mine, "things_total", "Things."};
  std::string page = "# HELP things_total Things.\n# TYPE things_total counter\nthings_total 0\n";
};
nx::http_server_options quiet() { return nx::http_server_options().without_own_metrics(); }

/// The handles of this process, and whether a child would have them.
std::vector<DWORD> handles() {
  std::vector<DWORD> all(4096, 0xffffffffu);
  for (UINT_PTR i = 1; i < all.size(); ++i) {
    DWORD flags = 0;
    if (::GetHandleInformation(reinterpret_cast<HANDLE>(4 * i), &flags)) all[i] = flags;
  }
  return all;
}

struct folder {
  std::wstring path;
  folder() {
    wchar_t temp[200];
    ::GetTempPathW(200, temp);
    path = std::wstring(temp) + L"narthex-\u00fc-" + std::to_wstring(::GetCurrentProcessId());
    REQUIRE(::CreateDirectoryW(path.c_str(), nullptr));
  }
  ~folder() {
    for (const std::wstring& name : names()) ::DeleteFileW((path + L"\\" + name).c_str());
    ::RemoveDirectoryW(path.c_str());
  }
  std::wstring wide(const std::wstring& name) const { return path + L"\\" + name; }
  std::string at(const std::wstring& name) const {
    char text[800];
    const int n = ::WideCharToMultiByte(CP_UTF8, 0, wide(name).c_str(), -1, text, sizeof text, nullptr, nullptr);
    return n > 0 ? text : "";
  }
  std::vector<std::wstring> names() const {
    std::vector<std::wstring> all;
    WIN32_FIND_DATAW found;
    const HANDLE d = ::FindFirstFileW((path + L"\\*").c_str(), &found);
    for (BOOL more = d != INVALID_HANDLE_VALUE; more; more = ::FindNextFileW(d, &found)) {
      if (found.cFileName[0] != L'.' || found.cFileName[1] == L'n') all.push_back(found.cFileName);
    }
    ::FindClose(d);
    return all;
  }
};

/// As the C library and Go open a file: others may read and write it, nobody may replace it.
struct reader {
  HANDLE file;
  explicit reader(const std::wstring& path)
      : file(::CreateFileW(path.c_str(), GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE, nullptr, OPEN_EXISTING, 0, nullptr)) {}
  ~reader() { ::CloseHandle(file); }
  reader(const reader&) = delete;
  reader& operator=(const reader&) = delete;
  std::string text() const {
    char part[4096];
    DWORD n = 0;
    return ::ReadFile(file, part, sizeof part, &n, nullptr) ? std::string(part, n) : "(cannot be read)";
  }
};
std::string content(const std::wstring& path) { return reader(path).text(); }

}  // namespace

// ---- Winsock ----

TEST_CASE("windows: Winsock is up while there is a server or a push, and down again after it") {
  const auto is_up = [] {
    const SOCKET s = ::socket(AF_INET, SOCK_STREAM, 0);
    if (s == INVALID_SOCKET) {
      CHECK(::WSAGetLastError() == WSANOTINITIALISED);
      return false;
    }
    ::closesocket(s);
    return true;
  };
  shop s;
  REQUIRE_FALSE(is_up());
  for (int i = 0; i < 3; ++i) {
    {
      nx::http_server server(s.mine, "127.0.0.1:0", quiet());
      REQUIRE(server.ok());
      CHECK(is_up());
      nx::http_server taken(s.mine, "127.0.0.1:" + std::to_string(server.port()), quiet());
      CHECK(taken.why().code() == nx::errc::address_in_use);
      nx::push_gateway gw{s.mine, "http://127.0.0.1:" + std::to_string(server.port()), "j"};
      CHECK(gw.push().http_status() == 405);
      CHECK(is_up());
    }
    CHECK_FALSE(is_up());
  }
  nx::push_gateway lost{s.mine, "http://no-such-host.invalid", "j"};
  CHECK(lost.push().code() == nx::errc::no_such_host);
  CHECK_FALSE(is_up());
}

TEST_CASE("windows: nobody can take the server's port from it, nor the server another's") {
  shop s;
  nx::http_server server(s.mine, "127.0.0.1:0", quiet());
  REQUIRE(server.ok());
  const auto bind_with = [](std::uint16_t port, bool reuse, SOCKET& made) {
    sockaddr_in at = {};
    at.sin_family = AF_INET;
    at.sin_port = ::htons(port);
    at.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
    made = ::socket(AF_INET, SOCK_STREAM, 0);
    const int on = 1;
    if (reuse) ::setsockopt(made, SOL_SOCKET, SO_REUSEADDR, reinterpret_cast<const char*>(&on), sizeof on);
    if (::bind(made, reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0 || ::listen(made, 5) != 0) return std::uint16_t(0);
    int size = sizeof at;
    ::getsockname(made, reinterpret_cast<sockaddr*>(&at), &size);
    return std::uint16_t(::ntohs(at.sin_port));
  };
  SOCKET thief = INVALID_SOCKET, plain = INVALID_SOCKET, shared = INVALID_SOCKET;
  CHECK(bind_with(server.port(), true, thief) == 0);
  const std::uint16_t one = bind_with(0, false, plain), other = bind_with(0, true, shared);
  REQUIRE(one != 0);
  REQUIRE(other != 0);
  for (std::uint16_t port : {one, other}) {
    const nx::errc code = nx::http_server(s.mine, "127.0.0.1:" + std::to_string(port), quiet()).why().code();
    CHECK((code == nx::errc::address_in_use || code == nx::errc::no_permission));
  }
  for (SOCKET made : {thief, plain, shared}) ::closesocket(made);
}

TEST_CASE("windows: no handle of a server is inherited by a program that is started") {
  shop s;
  const std::vector<DWORD> before = handles();
  nx::http_server server(s.mine, "127.0.0.1:0", quiet());
  REQUIRE(server.ok());
  const std::vector<DWORD> now = handles();
  unsigned made = 0;
  for (std::size_t i = 0; i < now.size(); ++i) {
    if (before[i] != 0xffffffffu || now[i] == 0xffffffffu) continue;
    ++made;
    CHECK((now[i] & HANDLE_FLAG_INHERIT) == 0);
  }
  CHECK(made >= 3);
}

TEST_CASE("windows: a Unix socket is not to be had, and says so") {
  shop s;
  CHECK(nx::http_server(s.mine, "unix:/tmp/x.sock", quiet()).why().code() == nx::errc::unsupported);
}

// ---- files ----

TEST_CASE("windows: a path is UTF-8, with either slash") {
  const folder f;
  shop s;
  CHECK(nx::write_textfile(s.mine, f.at(L"gr\u00f6\u00dfe.prom")).ok());
  CHECK(content(f.wide(L"gr\u00f6\u00dfe.prom")) == s.page);
  std::string slashed = f.at(L"job.prom");
  for (char& c : slashed) c = c == '\\' ? '/' : c;
  CHECK(nx::write_textfile(s.mine, slashed).ok());
  CHECK(content(f.wide(L"job.prom")) == s.page);
  CHECK(f.names().size() == 2);
}

TEST_CASE("windows: a reader that has the file open is waited for, and sees the old text whole") {
  const folder f;
  shop s;
  const std::wstring path = f.wide(L"job.prom");
  REQUIRE(nx::write_textfile(s.mine, f.at(L"job.prom")).ok());
  s.things.inc();
  std::string seen;
  reader* const open = new reader(path);
  std::thread other([&] {
    ::Sleep(300);
    seen = open->text();
    delete open;
  });
  const nx::textfile_result r = nx::write_textfile(s.mine, f.at(L"job.prom"));
  other.join();
  INFO(r.error());
  CHECK(r.ok());
  CHECK(seen == s.page);
  CHECK(content(path).find("things_total 1\n") != std::string::npos);
  CHECK(f.names().size() == 1);
}

TEST_CASE("windows: a file that somebody keeps open stays as it is, and nothing is left beside it") {
  const folder f;
  shop s;
  REQUIRE(nx::write_textfile(s.mine, f.at(L"job.prom")).ok());
  s.things.inc();
  const reader open(f.wide(L"job.prom"));
  const nx::textfile_result r = nx::write_textfile(s.mine, f.at(L"job.prom"));
  CHECK_FALSE(r.ok());
  CHECK((r.why().number() == ERROR_ACCESS_DENIED || r.why().number() == ERROR_SHARING_VIOLATION));
  CHECK(open.text() == s.page);
  CHECK(f.names().size() == 1);
}

TEST_CASE("windows: what cannot be a file is refused") {
  const folder f;
  shop s;
  enum : unsigned { is_folder = 336 };  // ERROR_DIRECTORY_NOT_SUPPORTED, which MinGW does not name
  const auto refusal = [&s](const std::string& path) { return nx::write_textfile(s.mine, path).why().number(); };
  CHECK(refusal(f.at(L"")) == is_folder);
  CHECK(refusal(f.at(L".")) == is_folder);
  CHECK(refusal(f.at(L"nowhere\\job.prom")) == ERROR_PATH_NOT_FOUND);
  CHECK(refusal("NUL") == ERROR_NOT_SUPPORTED);
  CHECK(refusal("") == ERROR_INVALID_NAME);
  CHECK(refusal(std::string("a\0b", 3)) == ERROR_INVALID_NAME);
  CHECK(refusal("\xff.prom") == ERROR_NO_UNICODE_TRANSLATION);
  CHECK(refusal(std::string(20000, 'x')) == ERROR_FILENAME_EXCED_RANGE);
  CHECK(refusal(std::string(4096, 'x')) == ERROR_FILENAME_EXCED_RANGE);
  CHECK(f.names().empty());
}
