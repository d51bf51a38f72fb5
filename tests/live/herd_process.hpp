#pragma once

#include "tests/live/client.hpp"
#include "tests/live/process.hpp"

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// A whole herd in processes of its own, on free ports, with its own folder for logs.
namespace live {

using Names = std::vector<std::string>;
using Links = std::vector<std::pair<std::string, std::string>>;

// Of the exercise: who talks with whom.
inline const Names five_names = {"Goloman", "Hands", "Holiday", "Welsh", "Wilkes"};
inline const Links five_links = {{"Goloman", "Hands"},
                                 {"Goloman", "Holiday"},
                                 {"Goloman", "Wilkes"},
                                 {"Hands", "Wilkes"},
                                 {"Holiday", "Welsh"},
                                 {"Holiday", "Wilkes"}};

struct HerdSetup {
    Names names = five_names;
    Links links = five_links;
    std::string limits = {};  // members of "limits"
    std::string places = {};  // further members of "places"
    std::string provider = "offline";
    bool with_places = false;  // Also run the offline Places service, which takes injections.
    bool wire = false;
    bool corruptible = false;
    bool journal = false;
    bool prefault = false;
    Names legacy = {};  // Of the names: old servers, which somebody else starts.
    Names played = {};  // Of the names: neighbours that the test plays itself.
    // Who finds whom elsewhere than where it listens: behind a relay of the test's, at this port.
    std::map<std::pair<std::string, std::string>, std::uint16_t> detours = {};
    bool linked = true;  // Wait for the links, too, unless somebody else makes some of them.
};

class Herd {
public:
    // All servers are up when this returns; and linked, if that is waited for.
    explicit Herd(HerdSetup setup = {}) : setup_(std::move(setup)) {
        const auto ports = free_ports(2 * setup_.names.size() + 1);
        places_port_ = ports.back();
        for (std::size_t i = 0; i < setup_.names.size(); ++i) {
            ports_[setup_.names[i]] = {ports[2 * i], ports[2 * i + 1]};
        }
        config_ = write_file(folder_ / "herd.json", configuration({}));
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

    std::uint16_t port(const std::string& name) const { return ports_.at(name).first; }
    std::uint16_t peer_port(const std::string& name) const { return ports_.at(name).second; }
    std::uint16_t places_port() const { return places_port_; }
    Process& server(const std::string& name) { return *servers_.at(name); }
    Process& places() { return *places_; }
    const Names& names() const { return setup_.names; }
    bool is_legacy(const std::string& name) const {
        return std::ranges::find(setup_.legacy, name) != setup_.legacy.end();
    }
    // A process of this herd's.
    bool is_ours(const std::string& name) const {
        return !is_legacy(name) && std::ranges::find(setup_.played, name) == setup_.played.end();
    }
    const std::string& config() const { return config_; }
    std::filesystem::path file(const std::string& name) const { return folder_ / name; }
    std::string log(const std::string& name) const {
        return read_file(folder_.path() / "logs" / (name + ".log"));
    }

    // Answers at once. One that is still ending keeps on doing so.
    void launch(const std::string& name) {
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
    // Answers when it accepts clients.
    void start(const std::string& name) {
        launch(name);
        if (!server(name).says(": clients on ")) fail(name);
    }
    void await_links(const std::string& name) {
        if (!server(name).says(": all links up")) fail(name);
    }
    // Answers when it is gone.
    void kill(const std::string& name, int signal = SIGKILL) {
        server(name).signal(signal);
        if (!server(name).wait()) fail(name);
    }

    std::string ask(const std::string& name, std::string_view line) const {
        return Client(port(name)).ask(line);
    }
    // Up to the empty line.
    std::string ask_block(const std::string& name, std::string_view line) const {
        Client client(port(name));
        client.send(std::string(line) + "\n");
        return client.read_block();
    }
    // What the server knows of the client: its AT line, or "? " and the question.
    std::string line_of(const std::string& name, const std::string& client) const {
        return ask(name, "WHATSAT " + client + " 1 0");
    }

    // From now on the Places service delays and spoils answers like this: "fail=100:hang&delay=20".
    void inject(const std::string& what) const {
        if (!http("POST /control?" + what).starts_with("HTTP/1.1 200")) {
            throw std::runtime_error("inject " + what);
        }
    }
    // How many searches the Places service was asked for so far.
    std::uint64_t searches() const {
        const std::string counters = http("GET /counters");
        const std::string_view key = "\"requests_total\":";
        return std::stoull(counters.substr(counters.find(key) + key.size()));
    }

private:
    // As the server `reader` is to see it.
    std::string configuration(const std::string& reader) const {
        std::string servers;
        std::string links;
        for (const auto& name : setup_.names) {
            servers += (servers.empty() ? "" : ",") + std::string("{\"name\":\"") + name +
                       "\",\"clients\":" + address(port(name)) +
                       (is_legacy(name) ? ",\"legacy\":true"
                                        : ",\"peers\":" + address(found_at(reader, name))) +
                       "}";
        }
        for (const auto& [one, other] : setup_.links) {
            links += (links.empty() ? "[\"" : ",[\"") + one + "\",\"" + other + "\"]";
        }
        return "{\"servers\":[" + servers + "],\"links\":[" + links + "],\"places\":{" +
               "\"provider\":\"" + setup_.provider +
               "\",\"url\":\"http://127.0.0.1:" + std::to_string(places_port_) + "\"" +
               setup_.places + "},\"limits\":{" + setup_.limits + "},\"log\":{\"folder\":\"" +
               (folder_ / "logs").string() + "\",\"wire\":" + (setup_.wire ? "true" : "false") +
               "}" + (setup_.prefault ? ",\"prefault\":true" : "") +
               (setup_.journal ? ",\"journal\":{\"folder\":\"" + (folder_ / "kept").string() + "\"}"
                               : "") +
               "}";
    }
    std::uint16_t found_at(const std::string& reader, const std::string& name) const {
        const auto detour = setup_.detours.find({reader, name});
        return detour != setup_.detours.end() ? detour->second : peer_port(name);
    }
    static std::string address(std::uint16_t port) {
        return "\"127.0.0.1:" + std::to_string(port) + "\"";
    }

    void start_places() {
        places_ = std::make_unique<Process>(
            std::vector<std::string>{herd_binary(),
                                     "places",
                                     "--allow-inject",
                                     "--listen",
                                     "127.0.0.1:" + std::to_string(places_port_)});
        if (!places_->says("listening")) throw std::runtime_error("places: " + places_->err());
    }
    void fail(const std::string& name) {
        throw std::runtime_error(name + ": " + server(name).out() + server(name).err());
    }
    std::string http(const std::string& request) const {
        Client client(places_port_);
        client.send(request + " HTTP/1.1\r\nHost: p\r\nContent-Length: 0\r\n" +
                    "Connection: close\r\n\r\n");
        return client.read_all();
    }

    HerdSetup setup_;
    TemporaryFolder folder_;
    std::map<std::string, std::pair<std::uint16_t, std::uint16_t>> ports_;
    std::uint16_t places_port_ = 0;
    std::string config_;
    std::unique_ptr<Process> places_;
    std::map<std::string, std::unique_ptr<Process>> servers_;
    std::vector<std::unique_ptr<Process>> ending_;
};

}  // namespace live
