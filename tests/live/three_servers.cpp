#include "tests/live/three_servers.hpp"

#include "tests/live/ports.hpp"

namespace live {

ThreeServers::ThreeServers(const std::string& rest) {
    const auto free = live::take_ports(7);
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

std::vector<std::string> ThreeServers::command(const std::vector<std::string>& words) const {
    std::vector<std::string> all = {herd_binary()};
    all.insert(all.end(), words.begin(), words.end());
    all.insert(all.end(), {"--config", config});
    return all;
}

std::vector<std::string> ThreeServers::serve(const std::string& name) const {
    return command({"serve", name, "--log-dir", folder / "log"});
}

Ran ThreeServers::send(const std::string& name, const std::vector<std::string>& lines) const {
    std::vector<std::string> words = {"send", name};
    words.insert(words.end(), lines.begin(), lines.end());
    return run(command(words));
}

}  // namespace live
