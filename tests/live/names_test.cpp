// Servers that know each other by names, on a real network: a hosts file that changes, an address
// that moves, a neighbour that IPv6 alone leads to.
#include "tests/live/client.hpp"
#include "tests/live/network.hpp"
#include "tests/live/skip.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <unistd.h>

namespace names_test {

using namespace live;
using namespace std::chrono_literals;

namespace {

constexpr std::uint16_t clients_port = 12'000;  // of the first host
constexpr std::uint16_t peers_port = 12'100;

// Alpha - Beta - Gamma; one file for all of them, and one hosts file.
class NamedHosts {
public:
    static constexpr std::array<const char*, Network::size> names = {"Alpha", "Beta", "Gamma"};

    NamedHosts() {
        write_hosts("10.77.0.1 alpha.herd\n10.77.0.2 beta.herd\nfd77::3 gamma.herd\n");
        for (std::size_t i = 0; i < Network::size; ++i) {
            on(i,
               {"ip",
                "-6",
                "address",
                "add",
                "fd77::" + std::to_string(i + 1) + "/64",
                "dev",
                "wire",
                "nodad"});
        }
        write_file(folder_ / "herd.json", configuration());
        for (std::size_t i = 0; i < Network::size; ++i) {
            network_.host(i).inside([&] {
                servers_[i] = std::make_unique<Process>(with_hosts({herd_binary(),
                                                                    "serve",
                                                                    names[i],
                                                                    "--config",
                                                                    folder_ / "herd.json",
                                                                    "--log-dir",
                                                                    folder_ / "log"}));
            });
        }
    }

    // In place, so that those who see it elsewhere see the change.
    void write_hosts(const std::string& text) const {
        write_file(folder_ / "hosts", "127.0.0.1 localhost\n" + text);
    }
    void on(std::size_t host, const std::vector<std::string>& command) const {
        const Ran ran = network_.host(host).inside([&] { return run(command); });
        if (ran.code != 0) throw std::runtime_error(command[0] + ": " + ran.err);
    }
    Process& server(std::size_t host) { return *servers_[host]; }
    std::string log(std::size_t host) const {
        return read_file(folder_ / "log" / (std::string(names[host]) + ".log"));
    }
    std::string ask(std::size_t host, const std::string& line) const {
        const auto port = static_cast<std::uint16_t>(clients_port + host);
        return network_.host(host).inside([&] { return Client(port).ask(line); });
    }
    // Whether what is reported at one end is known at the other.
    bool carries(std::size_t from, std::size_t to) {
        const std::string client = "c" + std::to_string(++count_);
        ask(from, "IAMAT " + client + " +1.5-2.5 1600000000");
        return eventually([&] { return ask(to, "WHATSAT " + client + " 1 0").starts_with("AT "); });
    }
    Ran herd(std::size_t host, const std::vector<std::string>& arguments) const {
        std::vector<std::string> command = {herd_binary()};
        command.insert(command.end(), arguments.begin(), arguments.end());
        command.insert(command.end(), {"--config", folder_ / "herd.json"});
        return network_.host(host).inside([&] { return run(with_hosts(command)); });
    }

private:
    // In a view of the files where this hosts file stands in for the machine's.
    std::vector<std::string> with_hosts(const std::vector<std::string>& command) const {
        std::vector<std::string> whole = {
            "unshare",
            "-m",
            "sh",
            "-c",
            "mount --bind " + (folder_ / "hosts").string() + " /etc/hosts && exec \"$@\"",
            "sh"};
        whole.insert(whole.end(), command.begin(), command.end());
        return whole;
    }
    static std::string configuration() {
        std::string servers;
        for (std::size_t i = 0; i < Network::size; ++i) {
            std::string name = names[i];
            name[0] = static_cast<char>(name[0] - 'A' + 'a');
            servers += (i > 0 ? "," : "") + std::string("{\"name\":\"") + names[i] +
                       "\",\"clients\":\"127.0.0.1:" + std::to_string(clients_port + i) +
                       "\",\"peers\":\"" + name + ".herd:" + std::to_string(peers_port) +
                       "\",\"listen\":\"[::]:" + std::to_string(peers_port) + "\"}";
        }
        return "{\"servers\":[" + servers +
               "],\"links\":[[\"Alpha\",\"Beta\"],[\"Beta\",\"Gamma\"]],"
               "\"insecure_peers\":true}";
    }

    Network network_;
    TemporaryFolder folder_;
    std::array<std::unique_ptr<Process>, Network::size> servers_;
    std::uint64_t count_ = 0;
};

// Null where none can be made.
std::unique_ptr<NamedHosts> make_hosts() {
    try {
        if (geteuid() != 0) throw std::runtime_error("only root may");
        if (run({"unshare", "-m", "true"}).code != 0) throw std::runtime_error("no unshare");
        return std::make_unique<NamedHosts>();
    } catch (const std::exception& why) {
        skip(std::string("this machine makes no networks: ") + why.what());
        return nullptr;
    }
}

}  // namespace

TEST_CASE("names: a herd of names forms, and survives the change of an address", "[live][netns]") {
    const auto hosts = make_hosts();
    if (!hosts) return;
    for (std::size_t i = 0; i < Network::size; ++i) {
        const bool up = hosts->server(i).says(": all links up");
        INFO(hosts->server(i).out() << hosts->server(i).err() << hosts->log(i));
        REQUIRE(up);
    }
    CHECK(hosts->carries(0, 2));
    CHECK(hosts->carries(2, 0));
    const std::string found = "event=neighbour_found neighbour=Gamma at=[fd77::3]";
    CHECK(eventually([&] { return hosts->log(1).find(found) != std::string::npos; }));

    // The machine goes elsewhere, and who looks after names says so a little later.
    hosts->on(1, {"ip", "address", "del", "10.77.0.2/24", "dev", "wire"});
    hosts->on(1, {"ip", "address", "add", "10.77.0.22/24", "dev", "wire"});
    CHECK(eventually([&] { return hosts->log(0).find("event=link_down") != std::string::npos; }));
    hosts->write_hosts("10.77.0.1 alpha.herd\n10.77.0.22 beta.herd\nfd77::3 gamma.herd\n");
    CHECK(eventually([&] { return hosts->log(0).find("at=10.77.0.22") != std::string::npos; }));
    CHECK(hosts->carries(0, 2));
    CHECK(hosts->carries(2, 0));

    // A name that leads nowhere harms nobody who is linked.
    hosts->write_hosts("10.77.0.1 alpha.herd\n");
    CHECK(hosts->carries(0, 2));
    hosts->write_hosts("10.77.0.1 alpha.herd\n10.77.0.22 beta.herd\nfd77::3 gamma.herd\n");
    const Ran status = hosts->herd(1, {"status"});
    INFO(status.out << status.err);
    CHECK(status.code == 0);
}

}  // namespace names_test
