#pragma once

#include "tests/live/client.hpp"
#include "tests/live/process.hpp"

#include <csignal>
#include <cstdint>
#include <map>
#include <memory>
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
    bool http = false;   // The servers speak HTTP, those with keys also within TLS.
    bool linked = true;  // Wait for the links, too, unless somebody else makes some of them.
    // The servers have keys, and speak TLS with each other: where HERD_SEALED is set, all herds do.
    // Neighbours that a test plays go on without.
    bool sealed = sealed_by_environment();
    bool clients_tls = false;  // So do they with clients, at ports of their own; only where sealed.

    static bool sealed_by_environment();
};

class Herd {
public:
    // All servers are up when this returns; and linked, if that is waited for.
    explicit Herd(HerdSetup setup = {});

    std::uint16_t port(const std::string& name) const { return ports_.at(name).first; }
    std::uint16_t peer_port(const std::string& name) const { return ports_.at(name).second; }
    std::uint16_t http_port(const std::string& name) const { return http_ports_.at(name).first; }
    std::uint16_t https_port(const std::string& name) const { return http_ports_.at(name).second; }
    std::uint16_t tls_port(const std::string& name) const { return tls_ports_.at(name); }
    std::uint16_t places_port() const { return places_port_; }
    Process& server(const std::string& name) { return *servers_.at(name); }
    Process& places() { return *places_; }
    const Names& names() const { return setup_.names; }
    bool is_legacy(const std::string& name) const;
    // A process of this herd's.
    bool is_ours(const std::string& name) const;
    const std::string& config() const { return config_; }
    std::filesystem::path file(const std::string& name) const { return folder_ / name; }
    std::string log(const std::string& name) const;

    // Returns at once. One that is still ending keeps on doing so.
    void launch(const std::string& name);
    // Returns when it accepts clients.
    void start(const std::string& name);
    void await_links(const std::string& name);
    // Returns when it is gone.
    void kill(const std::string& name, int signal = SIGKILL);

    std::string ask(const std::string& name, std::string_view line) const;
    // Up to the empty line.
    std::string ask_block(const std::string& name, std::string_view line) const;
    // What the server knows of the client: its AT line, or "? " and the question.
    std::string line_of(const std::string& name, const std::string& client) const;

    // From now on the Places service delays and spoils answers like this: "fail=100:hang&delay=20".
    void inject(const std::string& what) const;
    // How many searches the Places service was asked for so far.
    std::uint64_t searches() const;

private:
    // As the server `reader` is to see it.
    std::string configuration(const std::string& reader) const;
    std::string tls_member(const std::string& name) const;
    std::string http_members(const std::string& name) const;
    std::uint16_t found_at(const std::string& reader, const std::string& name) const;
    void make_keys() const;
    void start_places();
    void fail(const std::string& name);
    std::string http(const std::string& request) const;

    HerdSetup setup_;
    TemporaryFolder folder_;
    std::map<std::string, std::pair<std::uint16_t, std::uint16_t>> ports_;
    std::map<std::string, std::pair<std::uint16_t, std::uint16_t>> http_ports_;
    std::map<std::string, std::uint16_t> tls_ports_;
    std::uint16_t places_port_ = 0;
    std::string config_;
    std::unique_ptr<Process> places_;
    std::map<std::string, std::unique_ptr<Process>> servers_;
    std::vector<std::unique_ptr<Process>> ending_;
};

}  // namespace live
