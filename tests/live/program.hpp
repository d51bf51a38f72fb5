#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <map>
#include <string_view>

// What the programs have in common that are tests when they are run for short.
namespace live {

// Sets the option of that name; false: there is none, or the value is no number from `least` on.
inline bool read_option(const std::map<std::string_view, std::uint64_t*>& all,
                        std::string_view name,
                        const char* value,
                        std::uint64_t least) {
    const auto found = all.find(name);
    if (found == all.end()) return false;
    char* end = nullptr;
    *found->second = std::strtoull(value, &end, 10);
    return *value != '\0' && *end == '\0' && *found->second >= least;
}

// Returns the exit code: 0, 1 when Program::run() was false, 2 when it could not be run. --help, as
// anything else that is wrong, shows Options::usage.
template <class Program, class Options>
int run_program(int count, char** arguments) {
    Options options;
    for (int i = 1; i < count; i += 2) {
        if (i + 1 < count && options.read(arguments[i], arguments[i + 1])) continue;
        const bool asked = std::string_view(arguments[i]) == "--help";
        std::fprintf(asked ? stdout : stderr, "usage: %s %s\n", arguments[0], Options::usage);
        return asked ? 0 : 2;
    }
    try {
        return Program(options).run() ? 0 : 1;
    } catch (const std::exception& why) {
        std::fprintf(stderr, "%s: %s\n", arguments[0], why.what());
        return 2;
    }
}

}  // namespace live
