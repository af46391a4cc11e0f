// A program that copied the single header, and includes a header that includes the separate ones: the guards of the
// pieces are the same, so each piece is taken once.
#include "../../single_include/narthex/narthex.hpp"

#include <narthex/narthex.hpp>

int main() { return narthex::status().ok() ? 0 : 1; }
