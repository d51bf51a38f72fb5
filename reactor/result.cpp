#include "reactor/result.hpp"

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace reactor {

std::string_view describe(Errno error) {
    const char* text = strerrordesc_np(error.value);
    return text != nullptr ? text : "unknown error";
}

void die(const char* what, Errno error) {
    const std::string_view reason = describe(error);
    std::fprintf(stderr, "%s: %.*s\n", what, static_cast<int>(reason.size()), reason.data());
    std::abort();
}

}  // namespace reactor
