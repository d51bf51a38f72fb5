#include "tests/live/reference_herd.hpp"

#include "tests/live/ports.hpp"

#include <cstdlib>
#include <stdexcept>

namespace live {

std::string environment(const char* name, const std::string& otherwise) {
    const char* const value = std::getenv(name);
    return value != nullptr ? value : otherwise;
}

ReferenceHerd::ReferenceHerd(const Reference& reference, std::uint16_t places_port) {
    const auto ports = take_ports(five_names.size());
    for (std::size_t i = 0; i < ports.size(); ++i) ports_[five_names[i]] = ports[i];
    const std::string config = write_file(folder_ / "herd.json", configuration(places_port));
    for (const auto& name : five_names) {
        auto command = reference.command;
        command.insert(command.end(), {name, "--config", config});
        command.insert(command.end(), reference.options.begin(), reference.options.end());
        servers_[name] =
            std::make_unique<Process>(command, Process::Options{.folder = folder_.path()});
    }
    for (const auto& name : five_names) await(name);
}

std::string ReferenceHerd::ask(const std::string& name, std::string_view bytes) const {
    Client client(port(name));
    client.send(bytes);
    client.end();
    return client.read_all();
}

int ReferenceHerd::end(int signal) {
    int code = 0;
    for (const auto& [name, server] : servers_) server->signal(signal);
    for (const auto& [name, server] : servers_) {
        if (const int its = server->wait().value_or(-1); its != 0) code = its;
    }
    return code;
}

void ReferenceHerd::await(const std::string& name) {
    Process& server = *servers_.at(name);
    const auto up = [&] { return accepts(port(name)) || server.ended(); };
    if (!eventually(up) || server.ended()) throw std::runtime_error(name + server.err());
}

std::string ReferenceHerd::configuration(std::uint16_t places_port) const {
    std::map<std::string, std::string> lists;
    for (const auto& [one, other] : five_links) {
        lists[one] += (lists[one].empty() ? "\"" : ",\"") + other + "\"";
        lists[other] += (lists[other].empty() ? "\"" : ",\"") + one + "\"";
    }
    std::string servers;
    std::string neighbours;
    for (const auto& [name, port] : ports_) {
        const std::string begin = (servers.empty() ? "\"" : ",\"") + name + "\":";
        servers += begin + R"({"host":"127.0.0.1","port":)" + std::to_string(port) + "}";
        neighbours += begin + "[" + lists.at(name) + "]";
    }
    return "{\"servers\":{" + servers + "},\"neighbours\":{" + neighbours +
           "},\"places_url\":\"http://127.0.0.1:" + std::to_string(places_port) +
           "/maps/api/place/nearbysearch/json\",\"key\":\"a key\"}";
}

}  // namespace live
