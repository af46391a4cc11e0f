// Values that go up and down, and scopes that time and count themselves.
#include <narthex/narthex.hpp>
#include <narthex/timer.hpp>

#include <cstdio>

namespace nx = narthex;

nx::gauge temperature{"room_temperature_celsius", "Temperature."};
nx::int_gauge in_progress{"jobs_in_progress", "Jobs being worked on."};
nx::histogram duration{"job_duration_seconds", "How long a job takes."};
nx::gauge last_success{"job_last_success_timestamp_seconds", "When a job last succeeded."};

static bool work() {
  nx::track_in_progress one_more{in_progress};  // up here, down at the end of the scope
  nx::timer t{duration};                        // observes seconds at the end of the scope
  return in_progress.value() == 1;
}

int main() {
  temperature.set(21.5);
  temperature.dec(0.25);

  if (!work()) return 1;
  nx::set_to_current_time(last_success);

  std::printf("%.2f celsius, %d in progress, %d timed\n", temperature.value(), static_cast<int>(in_progress.value()),
              static_cast<int>(duration.count()));
  return temperature.value() == 21.25 && in_progress.value() == 0 && duration.count() == 1 && last_success.value() > 1e9
             ? 0
             : 1;
}

// 21.25 celsius, 0 in progress, 1 timed
