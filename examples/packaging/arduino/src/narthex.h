// The core of narthex, by the name that the Arduino IDE looks for: it knows a library by the headers right in src/.
#include "narthex/narthex.hpp"
