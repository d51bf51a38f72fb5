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
    explicit ThreeServers(const std::string& rest = "") {
        const auto free = live::free_ports(7);
        clients = {free[0], free[1], free[2]};
        peers = {free[3], free[4], free[5]};
        places = free[6];
        std::string text = "{\"servers\": [\n";
        for (std::size_t i = 0; i < 3; ++i) {
            text += (i > 0 ? "," : "") + std::string("{\"name\": \"") + names[i] +
                    "\", \"clients\": \"127.0.0.1:" + std::to_string(clients[i]) +
                    "\", \"peers\": \"127.0.0.1:" + std::to_string(peers[i]) + "\"}\n";
        }
        text +=
            "],\n\"links\": [[\"Alpha\", \"Beta\"], [\"Beta\", \"Gamma\"]],\n"
            "\"places\": {\"url\": \"http://127.0.0.1:" +
            std::to_string(places) + "\"}" + rest + "}\n";
        config = live::write_file(folder / "herd.json", text);
    }

    std::vector<std::string> command(std::vector<std::string> words) const {
        words.insert(words.begin(), herd_binary());
        words.insert(words.end(), {"--config", config});
        return words;
    }
    std::vector<std::string> serve(const std::string& name) const {
        return command({"serve", name, "--log-dir", folder / "log"});
    }
    std::vector<std::string> up() const { return command({"up", "--log-dir", folder / "log"}); }
    Ran send(const std::string& name, const std::vector<std::string>& lines) const {
        std::vector<std::string> words = {"send", name};
        words.insert(words.end(), lines.begin(), lines.end());
        return run(command(words));
    }

    static constexpr const char* names[] = {"Alpha", "Beta", "Gamma"};
    live::TemporaryFolder folder;
    std::string config;
    std::vector<std::uint16_t> clients;
    std::vector<std::uint16_t> peers;
    std::uint16_t places = 0;
};

}  // namespace live
