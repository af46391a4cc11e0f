// The one slow object of the unit suite: Catch2's own code (version 2) and main().
#if NARTHEX_TEST_CATCH >= 3
#include <catch2/catch_session.hpp>
int main(int argc, char** argv) { return Catch::Session().run(argc, argv); }
#else
#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>
#endif
