// The default configuration: a heap, threads.
#include <narthex/narthex.hpp>

#include "two_configs.hpp"

#define TEXT_OF(x) #x
#define TEXT(x) TEXT_OF(x)

seen look_a() {
  seen s = {TEXT(NARTHEX_ABI), reinterpret_cast<const void*>(&narthex::describe), narthex::describe(narthex::errc::closed),
            sizeof(narthex::status)};
  return s;
}
