// build_info: what runs, and what it was built with.
#include <narthex/narthex.hpp>

#include <narthex/build_info.hpp>

#include <string>

#include "support/catch.hpp"

namespace nx = narthex;

namespace {

const char head[] =
    "# HELP shop_build_info What the program was built from, and with what.\n"
    "# TYPE shop_build_info gauge\n";

nx::toolchain gcc() { return nx::toolchain("gcc", 12, 2, 0, 201103); }
std::string compiler(const nx::toolchain& t) { return t.compiler().str(); }
std::string standard(long number) { return nx::toolchain("x", 1, 0, 0, number).standard().str(); }

}  // namespace

TEST_CASE("build_info: the program's labels come first, then compiler and standard") {
  nx::registry mine;
  {
    nx::build_info build{mine, "shop", {{"version", "1.4.2"}, {"commit", "ab12cd"}}, gcc()};
    CHECK(build.status().ok());
  }
  const std::string page = head + std::string("shop_build_info{version=\"1.4.2\",commit=\"ab12cd\",compiler=\"gcc 12.2.0\",cpp_standard=\"c++11\"} 1\n");
  CHECK(nx::to_text(mine) == page);  // a handle: it stays
  nx::build_info again{mine, "shop", {{"version", "1.4.2"}, {"commit", "ab12cd"}}, gcc()};
  CHECK(again.status().ok());
  CHECK(nx::to_text(mine) == page);
  again.unregister();
  CHECK(nx::to_text(mine).empty());
}

TEST_CASE("build_info: any number of labels up to the limit, and with one of ours the program's counts") {
  for (unsigned n = 0; n <= 8; ++n) {
    nx::registry mine;
    const nx::label_pair l[] = {{"a", 0}, {"b", 1}, {"c", 2}, {"d", 3}, {"e", 4}, {"f", 5}, {"g", 6}, {"h", 7}};
    std::string wanted = head + std::string("shop_build_info{");
    for (unsigned i = 0; i < n; ++i) wanted += l[i].name.str() + "=\"" + l[i].value.text().str() + "\",";
    wanted += "compiler=\"gcc 12.2.0\",cpp_standard=\"c++11\"} 1\n";
    const auto all = [&]() -> nx::build_info {
      switch (n) {
        case 0: return nx::build_info(mine, "shop", {}, gcc());
        case 1: return nx::build_info(mine, "shop", {l[0]}, gcc());
        case 2: return nx::build_info(mine, "shop", {l[0], l[1]}, gcc());
        case 3: return nx::build_info(mine, "shop", {l[0], l[1], l[2]}, gcc());
        case 4: return nx::build_info(mine, "shop", {l[0], l[1], l[2], l[3]}, gcc());
        case 5: return nx::build_info(mine, "shop", {l[0], l[1], l[2], l[3], l[4]}, gcc());
        case 6: return nx::build_info(mine, "shop", {l[0], l[1], l[2], l[3], l[4], l[5]}, gcc());
        case 7: return nx::build_info(mine, "shop", {l[0], l[1], l[2], l[3], l[4], l[5], l[6]}, gcc());
        default: return nx::build_info(mine, "shop", {l[0], l[1], l[2], l[3], l[4], l[5], l[6], l[7]}, gcc());
      }
    };
    CHECK(all().status().ok());
    CHECK(nx::to_text(mine) == wanted);
  }
  nx::registry mine;
  nx::build_info build{mine, "shop", {{"compiler", "mine"}, {"version", 2}}, gcc()};
  CHECK(nx::to_text(mine) == head + std::string("shop_build_info{compiler=\"mine\",version=\"2\",cpp_standard=\"c++11\"} 1\n"));
}

TEST_CASE("build_info: bad names and too many labels are refused and told") {
  const nx::error_hook before = nx::set_error_hook(nullptr);
  nx::registry mine;
  CHECK(nx::build_info(mine, "a-b", {}).status().code() == nx::errc::bad_name);
  CHECK(nx::build_info(mine, "shop", {{"a", 1}, {"a", 2}}).status().message() ==
        "shop_build_info{a}: the label name occurs twice; label number 1");
  CHECK(nx::build_info(mine, "shop", {{"__a", 1}}).status().code() == nx::errc::reserved_label_name);
  CHECK(mine.refused(nx::mistake::registration) == 3);
  CHECK(nx::to_text(mine).find("shop") == std::string::npos);
  const nx::build_info many{mine, "shop", {{"a", 0}, {"b", 1}, {"c", 2}, {"d", 3}, {"e", 4}, {"f", 5}, {"g", 6}, {"h", 7}, {"i", 8}}, gcc()};
  CHECK(many.status().message() == "build_info: too large; limit in bytes 8");
  CHECK(mine.refused(nx::mistake::registration) == 4);
  nx::set_error_hook(before);
}

TEST_CASE("build_info: without an application's name it is build_info, and prefix and labels of the registry apply") {
  nx::registry mine{nx::registry_options().prefix("app_").label("region", "east")};
  nx::build_info build{mine, "", {}, gcc()};
  CHECK(nx::to_text(mine).find("\napp_build_info{region=\"east\",compiler=\"gcc 12.2.0\",cpp_standard=\"c++11\"} 1\n") != std::string::npos);
}

TEST_CASE("build_info: compilers and standards have their usual names") {
  CHECK(compiler(gcc()) == "gcc 12.2.0");
  CHECK(compiler(nx::toolchain("unknown", 0, 0, 0, 201103)) == "unknown");
  CHECK(compiler(nx::toolchain(std::string(30, 'x'), 4294967295u, 4294967295u, 4294967295u, 0)) ==
        std::string(20, 'x') + " 4294967295.4294967295.4294967295");
  CHECK(standard(199711) == "c++11");  // what Visual C++ says without /Zc:__cplusplus
  CHECK(standard(201103) == "c++11");
  CHECK(standard(201300) == "c++14");  // GCC 4.8's beginnings
  CHECK(standard(201402) == "c++14");
  CHECK(standard(201703) == "c++17");
  CHECK(standard(201709) == "c++20");
  CHECK(standard(202002) == "c++20");
  CHECK(standard(202100) == "c++23");
  CHECK(standard(202302) == "c++23");
  CHECK(standard(202400) == "c++26");
}

TEST_CASE("build_info: without being told it names the compiler of this file, and all of it installs with one call") {
  const nx::status first = nx::install_standard_metrics("shop", {{"version", 7}});
  CHECK((first.ok() || first.code() == nx::errc::unsupported));
  CHECK(nx::install_standard_metrics("shop", {{"version", 7}}).code() == first.code());
#if defined(__clang__)
  const std::string name = "clang " + std::to_string(__clang_major__) + "." + std::to_string(__clang_minor__) + ".";
#else
  const std::string name = "gcc " + std::to_string(__GNUC__) + "." + std::to_string(__GNUC_MINOR__) + ".";
#endif
  const std::string page = nx::to_text();
  CHECK(page.find("shop_build_info{version=\"7\",compiler=\"" + name) != std::string::npos);
  CHECK(page.find(__cplusplus == 201103 ? "cpp_standard=\"c++11\"} 1\n" : "cpp_standard=\"c++") != std::string::npos);
  CHECK((page.find("\nprocess_start_time_seconds ") != std::string::npos) == first.ok());
}
