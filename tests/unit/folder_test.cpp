// os/folder: which files lie in a folder, a file read, a file removed; with any name, on every system.
#include <narthex/narthex.hpp>
#include <narthex/spool.hpp>

#include "support/catch.hpp"
#include "support/folder.hpp"
#include "support/held.hpp"

#if !defined(_WIN32)
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#endif

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

namespace nx = narthex;
namespace os = nx::os;
using support::folder;

namespace {

const std::string euro = "\xe2\x82\xac", umlaut = "gr\xc3\xb6\xc3\x9f" "e.txt";

#if defined(_WIN32)
enum : int { not_there = ERROR_FILE_NOT_FOUND, no_folder = ERROR_PATH_NOT_FOUND, too_long = ERROR_FILENAME_EXCED_RANGE, no_name = ERROR_INVALID_NAME };

std::wstring wide(const std::string& path) {
  wchar_t text[1000];
  REQUIRE(::MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, path.c_str(), -1, text, 1000) > 0);
  return text;
}
/// A file of that size, last changed so many seconds after 1970.
void make(const std::string& path, std::int64_t size, std::int64_t changed_s) {
  const HANDLE file = ::CreateFileW(wide(path).c_str(), GENERIC_WRITE, 0, nullptr, CREATE_NEW, FILE_ATTRIBUTE_NORMAL, nullptr);
  REQUIRE(file != INVALID_HANDLE_VALUE);
  LARGE_INTEGER end;
  end.QuadPart = size;
  ULARGE_INTEGER since_1601;
  since_1601.QuadPart = static_cast<std::uint64_t>(changed_s + 11644473600) * 10000000 + 9999999;
  const FILETIME time = {since_1601.LowPart, since_1601.HighPart};
  CHECK((::SetFilePointerEx(file, end, nullptr, FILE_BEGIN) && ::SetEndOfFile(file)));
  CHECK(::SetFileTime(file, nullptr, nullptr, &time));
  ::CloseHandle(file);
}
void make_folder(const std::string& path) { REQUIRE(::CreateDirectoryW(wide(path).c_str(), nullptr)); }
void remove(const std::string& path) { CHECK(::DeleteFileW(wide(path).c_str())); }
#else
enum : int { not_there = ENOENT, no_folder = ENOENT, too_long = ENAMETOOLONG, no_name = EINVAL };

/// A file of that size, last changed so many seconds after 1970.
void make(const std::string& path, std::int64_t size, std::int64_t changed_s) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL, 0644);
  REQUIRE(file >= 0);
  CHECK(::ftruncate(file, static_cast<off_t>(size)) == 0);
  const timespec times[2] = {{0, 0}, {static_cast<time_t>(changed_s), 999999999}};
  CHECK(::futimens(file, times) == 0);
  ::close(file);
}
void make_folder(const std::string& path) { REQUIRE(::mkdir(path.c_str(), 0755) == 0); }
void remove(const std::string& path) { CHECK(::unlink(path.c_str()) == 0); }
#endif

/// "name size changed" of each file, sorted; "(error)" when it cannot be opened.
std::vector<std::string> listed(const std::string& path) {
  std::vector<std::string> all;
  os::folder f;
  if (!f.open(path).ok()) return std::vector<std::string>(1, "(error)");
  os::folder_entry one;
  while (f.next(one)) all.push_back(std::string(one.name) + " " + std::to_string(one.size) + " " + std::to_string(one.changed_s));
  CHECK_FALSE(f.next(one));  // and stays at its end
  std::sort(all.begin(), all.end());
  return all;
}

/// Takes `most` chunks, and refuses what follows.
struct taker {
  std::string text;
  int most;
  nx::sink sink() {
    const nx::sink s = {[](void* self, const char* data, std::size_t size) {
                          taker& t = *static_cast<taker*>(self);
                          t.text.append(data, size);
                          return --t.most > 0;
                        },
                        this};
    return s;
  }
};
std::string text_of(const std::string& path) {
  taker t = {"", 1000};
  const os::error e = os::read_file(path.c_str(), t.sink());
  return e.ok() ? t.text : "(error " + std::to_string(e.code) + ")";
}
int error_of(const std::string& path) { return os::folder().open(path).code; }

}  // namespace

TEST_CASE("folder: shows each file once, with its whole name, its size and its time, and nothing else") {
  const folder f;
  CHECK(listed(f.path).empty());
  make(f.at("a"), 3, 1000000000);
  make(f.at(umlaut), 0, 1);
  make(f.at("large"), (std::int64_t(5) << 32) + 7, 4102444800);
  std::string longest;
  while (longest.size() < 240) longest += euro;
  make(f.at(longest), 1, 1600000000);
  make_folder(f.at("folder"));
#if !defined(_WIN32)
  REQUIRE(::symlink("a", f.at("link").c_str()) == 0);
#endif
  const std::vector<std::string> all = listed(f.path);
  const std::vector<std::string> wanted = {"a 3 1000000000", umlaut + " 0 1", "large 21474836487 4102444800", longest + " 1 1600000000"};
  CHECK(all == wanted);
  CHECK(listed(f.path + "/") == wanted);
  CHECK(listed(f.at("folder")).empty());
  remove(f.at(umlaut));
  remove(f.at(longest));
  CHECK(listed(f.path).size() == 2);
}

TEST_CASE("folder: many files are all seen") {
  const folder f;
  for (int i = 0; i < 300; ++i) support::put(f.at("file-" + std::to_string(i)), std::string(static_cast<std::size_t>(i), 'x'));
  os::folder all;
  REQUIRE(all.open(f.path).ok());
  std::vector<int> seen(300);
  os::folder_entry one;
  while (all.next(one)) {
    const std::string name = one.name;
    REQUIRE(name.substr(0, 5) == "file-");
    const std::size_t number = static_cast<std::size_t>(std::stoi(name.substr(5)));
    CHECK(one.size == number);
    ++seen.at(number);
  }
  CHECK(seen == std::vector<int>(300, 1));
}

TEST_CASE("folder: what is not one is an error") {
  const folder f;
  support::put(f.at("file"), "x");
  CHECK(error_of(f.at("nowhere")) == no_folder);
  CHECK(error_of(f.at("file")) != 0);
  CHECK(error_of("") != 0);
  CHECK(error_of(std::string("a\0b", 3)) == no_name);
  CHECK(error_of(std::string(5000, 'x')) == too_long);
  CHECK(listed(f.path).size() == 1);
#if defined(_WIN32)
  CHECK(error_of("\xff") != 0);  // no UTF-8
#endif
}

TEST_CASE("folder: a file is read whole, byte for byte, until the reader has enough") {
  const folder f;
  std::string text;
  for (unsigned i = 0; i < 20000; ++i) text += static_cast<char>(i * 7 + i / 256);
  support::put(f.at("a"), text);
  CHECK((text_of(f.at("a")) == text));
  support::put(f.at("b"), "\r\n\x1a\n");  // a text file of Windows ends at 0x1a
  CHECK(text_of(f.at("b")) == "\r\n\x1a\n");
  support::put(f.at("c"), "");
  CHECK(text_of(f.at("c")) == "");
  make(f.at(umlaut), 2, 1);
  CHECK(text_of(f.at(umlaut)) == std::string(2, '\0'));
  remove(f.at(umlaut));

  taker two = {"", 2};
  CHECK(os::read_file(f.at("a").c_str(), two.sink()).ok());
  CHECK(two.text.size() < text.size());
  CHECK((two.text == text.substr(0, two.text.size())));

  CHECK(text_of(f.at("nowhere")) == "(error " + std::to_string(int(not_there)) + ")");
  CHECK(text_of(f.path).substr(0, 7) == "(error ");
  CHECK(text_of("").substr(0, 7) == "(error ");
#if defined(_WIN32)
  CHECK(text_of("\xff").substr(0, 7) == "(error ");
#endif
}

TEST_CASE("folder: a file that is removed is gone, and others are not") {
  const folder f;
  support::put(f.at("a"), "x");
  make(f.at(umlaut), 2, 1);
  support::put(f.at("b"), "y");
  CHECK(os::remove_file(f.at(umlaut).c_str()).ok());
  CHECK(os::remove_file(f.at("a").c_str()).ok());
  CHECK(os::remove_file(f.at("a").c_str()).code == not_there);
  CHECK_FALSE(os::remove_file(f.path.c_str()).ok());
  CHECK_FALSE(os::remove_file("").ok());
  CHECK(f.names() == std::vector<std::string>(1, "b"));
}

TEST_CASE("folder: nothing stays open, nor is it asked for alone") {
  const folder f;
  support::put(f.at("a"), std::string(10000, 'x'));
  support::put(f.at("b"), "y");
  const std::size_t before = support::open_files();
  for (int i = 0; i < 3; ++i) {
    CHECK(listed(f.path).size() == 2);
    taker one = {"", 1};
    CHECK(os::read_file(f.at("a").c_str(), one.sink()).ok());
    os::folder begun;
    os::folder_entry first;
    CHECK(begun.open(f.path).ok());
    CHECK(begun.next(first));
  }
  CHECK(support::open_files() == before);
#if defined(_WIN32)
  // What another program has open for writing can be read meanwhile, if it allows it.
  const HANDLE writer = ::CreateFileW(wide(f.at("a")).c_str(), GENERIC_WRITE, FILE_SHARE_READ, nullptr, OPEN_EXISTING, 0, nullptr);
  CHECK(writer != INVALID_HANDLE_VALUE);
  CHECK(text_of(f.at("a")).size() == 10000);
  ::CloseHandle(writer);
#endif
}
