// The lean configuration: no heap, one thread (see meson.build).
#include <narthex/narthex.hpp>

#include "two_configs.hpp"

#define TEXT_OF(x) #x
#define TEXT(x) TEXT_OF(x)

seen look_b() {
  seen s = {TEXT(NARTHEX_ABI), reinterpret_cast<const void*>(&narthex::describe), narthex::describe(narthex::errc::closed),
            sizeof(narthex::status)};
  return s;
}
