#pragma once

#include "tests/live/client.hpp"
#include "tests/live/process.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace live {

inline constexpr auto place = "+34.068930-118.445127";

// Three servers in a row on free ports, Alpha - Beta - Gamma, with offline places, and what a
// running herd of them can be asked.
struct ThreeServers {
    explicit ThreeServers(const std::string& rest = "");

    std::vector<std::string> command(const std::vector<std::string>& words) const;
    std::vector<std::string> serve(const std::string& name) const;
    std::vector<std::string> up() const { return command({"up", "--log-dir", folder / "log"}); }
    Ran send(const std::string& name, const std::vector<std::string>& lines) const;

    static constexpr const char* names[] = {"Alpha", "Beta", "Gamma"};
    live::TemporaryFolder folder;
    std::string config;
    std::vector<std::uint16_t> clients;
    std::vector<std::uint16_t> peers;
    std::uint16_t places = 0;
};

}  // namespace live
