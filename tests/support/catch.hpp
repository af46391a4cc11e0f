// Catch2, whichever version is there: 2 on C++11, 3 on C++14. meson.build says which.
#ifndef NARTHEX_TESTS_CATCH_HPP
#define NARTHEX_TESTS_CATCH_HPP

#if NARTHEX_TEST_CATCH >= 3
#include <catch2/catch_approx.hpp>
#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>
using Catch::Approx;
#else
#include <catch2/catch.hpp>
#endif

#endif  // NARTHEX_TESTS_CATCH_HPP
