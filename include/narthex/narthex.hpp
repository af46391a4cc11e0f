// narthex/narthex.hpp - the core, in one include.
// Room: front door. SPDX-License-Identifier: MIT
#ifndef NARTHEX_NARTHEX_HPP
#define NARTHEX_NARTHEX_HPP

#include "narthex/callback.hpp"
#include "narthex/collector.hpp"
#include "narthex/config.hpp"
#include "narthex/counter.hpp"
#include "narthex/enum_family.hpp"
#include "narthex/error_hook.hpp"
#include "narthex/family.hpp"
#include "narthex/fixed_family.hpp"
#include "narthex/fwd.hpp"
#include "narthex/gauge.hpp"
#include "narthex/histogram.hpp"
#include "narthex/info.hpp"
#include "narthex/registry.hpp"
#include "narthex/sink.hpp"
#include "narthex/state_set.hpp"
#include "narthex/static_histogram.hpp"
#include "narthex/status.hpp"
#include "narthex/string_view.hpp"
#include "narthex/summary.hpp"
#include "narthex/text_format.hpp"

#endif  // NARTHEX_NARTHEX_HPP
