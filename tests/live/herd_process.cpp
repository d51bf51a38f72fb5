#include "tests/live/herd_process.hpp"

#include "tests/live/ports.hpp"

#include <algorithm>
#include <cstdlib>
#include <stdexcept>

namespace live {

namespace {

std::string address(std::uint16_t port) {
    return "\"127.0.0.1:" + std::to_string(port) + "\"";
}

}  // namespace

bool HerdSetup::sealed_by_environment() {
    // NOLINTNEXTLINE(concurrency-mt-unsafe): nobody changes the environment.
    return std::getenv("HERD_SEALED") != nullptr;
}

Herd::Herd(HerdSetup setup) : setup_(std::move(setup)) {
    const std::size_t count = setup_.names.size();
    const auto ports = take_ports(5 * count + 1);
    places_port_ = ports.back();
    for (std::size_t i = 0; i < setup_.names.size(); ++i) {
        ports_[setup_.names[i]] = {ports[2 * i], ports[2 * i + 1]};
        http_ports_[setup_.names[i]] = {ports[2 * (count + i)], ports[2 * (count + i) + 1]};
        tls_ports_[setup_.names[i]] = ports[4 * count + i];
    }
    config_ = write_file(folder_ / "herd.json", configuration({}));
    if (setup_.sealed) make_keys();
    if (setup_.with_places) start_places();
    for (const auto& name : setup_.names) {
        if (is_ours(name)) launch(name);
    }
    for (const auto& name : setup_.names) {
        if (!is_ours(name)) continue;
        if (setup_.linked && setup_.legacy.empty() && setup_.played.empty()) {
            await_links(name);
        } else if (!server(name).says(": clients on ")) {
            fail(name);
        }
    }
}

bool Herd::is_legacy(const std::string& name) const {
    return std::ranges::find(setup_.legacy, name) != setup_.legacy.end();
}

bool Herd::is_ours(const std::string& name) const {
    return !is_legacy(name) && std::ranges::find(setup_.played, name) == setup_.played.end();
}

std::string Herd::log(const std::string& name) const {
    return read_file(folder_.path() / "logs" / (name + ".log"));
}

void Herd::launch(const std::string& name) {
    auto& place = servers_[name];
    if (place && !place->ended()) ending_.push_back(std::move(place));
    std::string config = config_;
    if (!setup_.detours.empty()) {
        config = write_file(folder_ / (name + ".json"), configuration(name));
    }
    std::vector<std::string> command = {herd_binary(), "serve", name, "--config", config};
    if (setup_.corruptible) command.emplace_back("--corruptible");
    place = std::make_unique<Process>(command);
}

void Herd::start(const std::string& name) {
    launch(name);
    if (!server(name).says(": clients on ")) fail(name);
}

void Herd::await_links(const std::string& name) {
    if (!server(name).says(": all links up")) fail(name);
}

void Herd::kill(const std::string& name, int signal) {
    server(name).signal(signal);
    if (!server(name).wait()) fail(name);
}

std::string Herd::ask(const std::string& name, std::string_view line) const {
    return Client(port(name)).ask(line);
}

std::string Herd::ask_block(const std::string& name, std::string_view line) const {
    Client client(port(name));
    client.send(std::string(line) + "\n");
    return client.read_block();
}

std::string Herd::line_of(const std::string& name, const std::string& client) const {
    return ask(name, "WHATSAT " + client + " 1 0");
}

void Herd::inject(const std::string& what) const {
    if (!http("POST /control?" + what).starts_with("HTTP/1.1 200")) {
        throw std::runtime_error("inject " + what);
    }
}

std::uint64_t Herd::searches() const {
    const std::string counters = http("GET /counters");
    const std::string_view key = "\"requests_total\":";
    return std::stoull(counters.substr(counters.find(key) + key.size()));
}

std::string Herd::configuration(const std::string& reader) const {
    std::string servers;
    std::string links;
    for (const auto& name : setup_.names) {
        servers += (servers.empty() ? "" : ",") + std::string("{\"name\":\"") + name +
                   "\",\"clients\":" + address(port(name)) +
                   (is_legacy(name) ? ",\"legacy\":true"
                                    : ",\"peers\":" + address(found_at(reader, name))) +
                   tls_member(name) + http_members(name) + "}";
    }
    for (const auto& [one, other] : setup_.links) {
        links += (links.empty() ? "[\"" : ",[\"") + one + "\",\"" + other + "\"]";
    }
    return "{\"servers\":[" + servers + "],\"links\":[" + links + "],\"places\":{" +
           "\"provider\":\"" + setup_.provider +
           "\",\"url\":\"http://127.0.0.1:" + std::to_string(places_port_) + "\"" + setup_.places +
           "},\"limits\":{" + setup_.limits + "},\"log\":{\"folder\":\"" +
           (folder_ / "logs").string() + "\",\"wire\":" + (setup_.wire ? "true" : "false") + "}" +
           (setup_.prefault ? ",\"prefault\":true" : "") +
           (setup_.sealed ? ",\"keys\":\"" + (folder_ / "keys").string() + "\"" : "") +
           (setup_.sealed && !setup_.played.empty() ? ",\"insecure_peers\":true" : "") +
           (setup_.journal ? ",\"journal\":{\"folder\":\"" + (folder_ / "kept").string() + "\"}"
                           : "") +
           "}";
}

std::string Herd::tls_member(const std::string& name) const {
    if (!setup_.sealed || !setup_.clients_tls || !is_ours(name)) return "";
    return ",\"clients_tls\":" + address(tls_port(name));
}

std::string Herd::http_members(const std::string& name) const {
    if (!setup_.http || !is_ours(name)) return "";
    return ",\"http\":" + address(http_port(name)) +
           (setup_.sealed ? ",\"https\":" + address(https_port(name)) : "");
}

std::uint16_t Herd::found_at(const std::string& reader, const std::string& name) const {
    const auto detour = setup_.detours.find({reader, name});
    return detour != setup_.detours.end() ? detour->second : peer_port(name);
}

void Herd::make_keys() const {
    const Ran made = run({herd_binary(), "keys", folder_ / "keys", "--config", config_});
    if (made.code != 0) throw std::runtime_error("keys: " + made.err);
}

void Herd::start_places() {
    places_ = std::make_unique<Process>(
        std::vector<std::string>{herd_binary(),
                                 "places",
                                 "--allow-inject",
                                 "--listen",
                                 "127.0.0.1:" + std::to_string(places_port_)});
    if (!places_->says("listening")) throw std::runtime_error("places: " + places_->err());
}

void Herd::fail(const std::string& name) {
    throw std::runtime_error(name + ": " + server(name).out() + server(name).err());
}

std::string Herd::http(const std::string& request) const {
    Client client(places_port_);
    client.send(request + " HTTP/1.1\r\nHost: p\r\nContent-Length: 0\r\n" +
                "Connection: close\r\n\r\n");
    return client.read_all();
}

}  // namespace live
