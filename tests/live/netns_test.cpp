// Real packets lost on a real network between real servers, where the machine allows to make one:
// root, and the programs ip, nft and tc.
#include "tests/live/client.hpp"
#include "tests/live/network.hpp"
#include "tests/live/skip.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace netns_test {

using namespace live;
using namespace std::chrono_literals;

namespace {

constexpr std::uint16_t clients_port = 12'000;  // of the first host
constexpr std::uint16_t peers_port = 12'100;
constexpr std::uint64_t client_count = 200;
// A dead link is noticed in 3 to 4 s; the next dial may take 3 s and the pause before it 5.
constexpr auto agreement_max = 12s;

// Alpha - Beta - Gamma, each on a host of its own.
class Hosts {
public:
    static constexpr std::array<const char*, Network::size> names = {"Alpha", "Beta", "Gamma"};

    // How servers on several machines may be neighbours.
    enum class Peers { insecure, with_keys };

    explicit Hosts(Peers peers) {
        for (std::size_t i = 0; i < Network::size; ++i) {
            write_file(config_of(i), configuration(i, peers));
        }
        if (peers == Peers::with_keys) hand_out_keys();
        for (std::size_t i = 0; i < Network::size; ++i) {
            network.host(i).inside([&] {
                servers_[i] = std::make_unique<Process>(std::vector<std::string>{herd_binary(),
                                                                                 "serve",
                                                                                 names[i],
                                                                                 "--config",
                                                                                 config_of(i),
                                                                                 "--log-dir",
                                                                                 folder_ / "log"});
            });
        }
        for (auto& server : servers_) {
            const bool up = server->says(": all links up");
            INFO(server->out() << server->err());
            REQUIRE(up);
        }
    }

    // A thousand reports a second or so for that long, at both ends of the row. Every one of them
    // is answered, whatever the network does.
    void move_clients(std::chrono::milliseconds time) {
        std::array<Client, 2> ends = {connect(0), connect(2)};
        for (const auto end = Clock::now() + time; Clock::now() < end; ++second_) {
            for (std::size_t i = 0; i < ends.size(); ++i) {
                for (int k = 0; k < 5; ++k, ++count_) {
                    const std::string answer = ends[i].ask("IAMAT " + client(i, count_) +
                                                           " +1.5-2.5 " + std::to_string(second_));
                    if (!answer.starts_with("AT ")) ++errors;
                }
            }
            std::this_thread::sleep_for(10ms);
        }
    }
    // All that a server knows of every client.
    std::string table(std::size_t host) const {
        std::string questions;
        for (std::uint64_t i = 0; i < client_count; ++i) {
            for (std::size_t end = 0; end < 2; ++end) {
                questions += "WHATSAT " + client(end, i) + " 1 0\n";
            }
        }
        Client asker = connect(host);
        asker.send(questions);
        asker.end();
        return asker.read_all();
    }
    bool agree() const {
        const std::string first = table(0);
        return first == table(1) && first == table(2);
    }

    // As on that host's command line.
    Ran herd(std::size_t host, const std::string& command) const {
        return network.host(host).inside([&] {
            return run({herd_binary(), command, "--config", config_of(host)});
        });
    }

    Network network;
    int errors = 0;

private:
    std::string machine(std::size_t host) const { return folder_ / names[host]; }
    std::string config_of(std::size_t host) const { return machine(host) + ".json"; }
    // The same on all, but for where its own files are.
    std::string configuration(std::size_t host, Peers peers) const {
        std::string servers;
        for (std::size_t i = 0; i < Network::size; ++i) {
            servers += (i > 0 ? "," : "") + std::string("{\"name\":\"") + names[i] +
                       "\",\"clients\":\"127.0.0.1:" + std::to_string(clients_port + i) +
                       "\",\"peers\":\"" + Network::address(i) + ":" + std::to_string(peers_port) +
                       "\"}";
        }
        return "{\"servers\":[" + servers +
               "],\"links\":[[\"Alpha\",\"Beta\"],[\"Beta\",\"Gamma\"]]," +
               (peers == Peers::insecure ? "\"insecure_peers\":true"
                                         : "\"keys\":\"" + machine(host) + "\"") +
               "}";
    }
    // As docs/security.md says: made in one place, and to each machine what is its own.
    void hand_out_keys() const {
        const std::filesystem::path made = folder_ / "safe";
        const Ran keys = run({herd_binary(), "keys", made, "--config", config_of(0)});
        INFO(keys.err);
        REQUIRE(keys.code == 0);
        for (std::size_t i = 0; i < Network::size; ++i) {
            std::filesystem::create_directory(machine(i));
            const std::string own = names[i];
            for (const std::string& file :
                 std::vector<std::string>{"ca.crt", "operator.crt", "operator.key"}) {
                std::filesystem::copy(made / file, machine(i) + "/" + file);
            }
            for (const std::string& file : std::vector<std::string>{own + ".crt", own + ".key"}) {
                std::filesystem::copy(made / file, machine(i) + "/" + file);
            }
        }
    }
    Client connect(std::size_t host) const {
        const auto port = static_cast<std::uint16_t>(clients_port + host);
        return network.host(host).inside([&] { return Client(port); });
    }
    static std::string client(std::size_t end, std::uint64_t number) {
        return std::string("of-") + names[2 * end] + std::to_string(number % client_count);
    }

    TemporaryFolder folder_;
    std::array<std::unique_ptr<Process>, Network::size> servers_;
    std::uint64_t second_ = 1'600'000'000;
    std::uint64_t count_ = 0;
};

// Null where none can be made.
std::unique_ptr<Hosts> make_hosts(Hosts::Peers peers) {
    try {
        if (geteuid() != 0) throw std::runtime_error("only root may");
        const Network possible;
    } catch (const std::exception& why) {
        skip(std::string("this machine makes no networks: ") + why.what());
        return nullptr;
    }
    return std::make_unique<Hosts>(peers);
}

struct Trial {
    const char* name;
    std::function<void(const Network&)> begin;
    std::chrono::milliseconds time;
    bool parts = false;  // for long enough that Alpha cannot know what Gamma does
};

void try_out(Hosts& hosts, const Trial& trial) {
    INFO(trial.name);
    trial.begin(hosts.network);
    hosts.move_clients(trial.time);
    if (trial.parts) CHECK_FALSE(hosts.agree());
    hosts.network.heal(0);
    const auto healed = Clock::now();
    CHECK(eventually([&] { return hosts.agree(); }, agreement_max));
    const std::chrono::duration<double, std::milli> took = Clock::now() - healed;
    std::printf("figure: %s: all tables equal %.0f ms after it\n", trial.name, took.count());
}

}  // namespace

TEST_CASE("network: all tables are equal soon after packets were lost or held up",
          "[live][netns]") {
    const auto hosts = make_hosts(Hosts::Peers::insecure);
    if (!hosts) return;
    const std::vector<Trial> trials = {
        {"none", [](const Network&) {}, 200ms},
        {"Alpha cut off for a second", [](const Network& n) { n.part(0, true, true); }, 1s, true},
        {"Alpha cut off until it is given up",
         [](const Network& n) { n.part(0, true, true); },
         4200ms,
         true},
        {"nothing comes to Alpha", [](const Network& n) { n.part(0, true, false); }, 2s, true},
        {"nothing comes from Alpha", [](const Network& n) { n.part(0, false, true); }, 1s, true},
        {"64 kbit/s to and from Alpha", [](const Network& n) { n.limit(0, "64kbit"); }, 1s},
    };
    for (const Trial& trial : trials) try_out(*hosts, trial);
    CHECK(hosts->errors == 0);
}

TEST_CASE("network: three machines with keys, of which one is cut off and comes back",
          "[live][netns]") {
    const auto hosts = make_hosts(Hosts::Peers::with_keys);
    if (!hosts) return;
    try_out(*hosts,
            {"with keys, Alpha cut off until it is given up",
             [](const Network& n) { n.part(0, true, true); },
             4200ms,
             true});
    CHECK(hosts->errors == 0);
    // From any machine, of all others.
    for (std::size_t host = 0; host < Network::size; ++host) {
        const Ran status = hosts->herd(host, "status");
        INFO(status.out << status.err);
        CHECK(status.code == 0);
        CHECK(status.out.find("3 of 3 servers up, 4 of 4 links live, tables equal") !=
              std::string::npos);
    }
}

TEST_CASE("network: without keys, servers tell other machines little", "[live][netns]") {
    const auto hosts = make_hosts(Hosts::Peers::insecure);
    if (!hosts) return;
    const Ran status = hosts->herd(1, "status");
    INFO(status.out << status.err);
    CHECK(status.code == 0);
    CHECK(status.out.find("tells the rest to its own machine only") != std::string::npos);
}

}  // namespace netns_test
