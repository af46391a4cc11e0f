// narthex/declared.hpp - what a collector says of a family before its first sample.
// Room: shelves. Read desc.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DECLARED_HPP
#define NARTHEX_DECLARED_HPP

#include <initializer_list>

#include "narthex/config.hpp"
#include "narthex/desc.hpp"
#include "narthex/string_view.hpp"

NARTHEX_BEGIN_NAMESPACE

/// A family that a collector declares: type, name, help, label names.
struct declared {
  metric_type type;  ///< counter, gauge, histogram, gauge_histogram, summary or unknown
  string_view name;
  string_view help;
  std::initializer_list<string_view> labels;
  string_view unit;  ///< what the name ends in, but for _total; empty: none

  declared(metric_type is, string_view called, string_view meaning, std::initializer_list<string_view> names,
           string_view measured_in = string_view()) noexcept
      : type(is), name(called), help(meaning), labels(names), unit(measured_in) {}
};

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DECLARED_HPP
