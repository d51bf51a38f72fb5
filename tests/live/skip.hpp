#pragma once

#include <catch2/catch.hpp>

#include <cstdio>
#include <cstdlib>
#include <string>

namespace live {

// Says why, and ends the program as what runs it takes for a test that was skipped. Run by hand, it
// goes on with the next test.
inline void skip(const std::string& why) {
    WARN("skipped: " << why);
    // NOLINTNEXTLINE(concurrency-mt-unsafe): nobody changes the environment.
    const char* const code = std::getenv("HERD_SKIP_CODE");
    if (code == nullptr) return;
    std::printf("skipped: %s\n", why.c_str());
    std::fflush(stdout);
    std::_Exit(std::atoi(code));
}

}  // namespace live
