#include "herd/program/make_keys.hpp"

#include "herd/keys/make.hpp"
#include "reactor/sys.hpp"

#include <cstdio>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

namespace herd::program {

namespace {

// What is to be done with a configuration that has this for its keys, now that those in the folder
// are made: a line, or nothing.
std::string next_of_configuration(const std::string& configured, const std::string& folder) {
    if (configured.empty())
        return R"(next: put "keys": ")" + folder + "\" into the configuration\n";
    std::error_code error;
    if (std::filesystem::equivalent(configured, folder, error)) return "";
    return R"(next: the configuration has "keys": ")" + configured +
           "\", so there servers look for theirs\n";
}

// Of keys that are not made either: a line, or nothing.
std::string cure_for(const std::vector<std::string>& elsewhere, const std::string& folder) {
    if (elsewhere.empty()) return "";
    std::string names;
    for (const std::string& file : elsewhere) names += (names.empty() ? "" : ", ") + file;
    return folder + ": not here, though their certificates are: " + names +
           "; if one is not on its machine either, remove its .crt, and run this again\n";
}

}  // namespace

int make_keys(const config::Config& config, const std::string& folder, std::uint32_t days) {
    reactor::sys::forbid_dumps();
    std::vector<std::string> made;
    const auto done = keys::make(config, folder, days, made);
    for (const std::string& path : made) std::printf("made %s\n", path.c_str());
    if (!done) {
        std::fflush(stdout);
        std::fprintf(stderr, "herd: %s\n", done.error().c_str());
        return 2;
    }
    const std::string cure = cure_for(keys::keys_elsewhere(config, folder), folder);
    if (made.empty()) {
        std::printf("%s: nothing is to be made\n%s", folder.c_str(), cure.c_str());
        return 0;
    }
    std::fputs(cure.c_str(), stdout);
    std::puts(
        "next: copy ca.crt, NAME.crt and NAME.key to the machine of each server NAME, and move "
        "ca.key to where no server is");
    std::fputs(next_of_configuration(config.keys, folder).c_str(), stdout);
    return 0;
}

}  // namespace herd::program
