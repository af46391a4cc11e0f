// A user's header: it names what is narthex's without including it.
#ifndef LIBRARY_HPP
#define LIBRARY_HPP

#if defined(CONSUMER_HAS_FWD)
#include <narthex/fwd.hpp>
#else
#include <narthex/narthex.hpp>
#endif

namespace library {
void work();
narthex::registry_core& metrics();  // the library's own default registry, or the program's, as the symbols are hidden or not
void name_them(narthex::family<int, 1>* family, const narthex::status* status, narthex::string_view* text);
}  // namespace library

#endif
