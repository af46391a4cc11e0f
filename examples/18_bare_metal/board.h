// What the program needs of its board.
#ifndef BOARD_H
#define BOARD_H

#include <cstddef>

void start_timer();
void stop_timer();
void put_bytes(const char* data, std::size_t size);

#endif  // BOARD_H
