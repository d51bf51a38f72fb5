#include "bench/event.hpp"

#include <cstdio>

namespace bench {

void tell_event(const char* what, const TargetServer& server) {
    std::printf("event %s %s\n", what, server.name.c_str());
    static_cast<void>(std::fflush(stdout));
}

}  // namespace bench
