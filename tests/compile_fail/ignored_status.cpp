// Where the language can say so, a status is not to be ignored.
// std: c++17
// expect: nodiscard
#include <narthex/narthex.hpp>

narthex::status refuse();

void use();
void use() {
#ifdef ACCEPT
  (void)refuse();
#else
  refuse();
#endif
}
