// Four servers of ours and the Python reference in one herd.
#include "tests/live/herd_process.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace mixed_herd_test {

using namespace live;
using namespace std::chrono_literals;

namespace {

constexpr int client_count = 300;

std::string environment(const char* name, const std::string& otherwise) {
    const char* const value = std::getenv(name);
    return value != nullptr ? value : otherwise;
}

std::string python() {
    return environment("HERD_PYTHON", "/usr/bin/python3");
}

// One of the five in Python. It knows the others by their ports for peers, where it says AT.
class OldServer {
public:
    OldServer(const Herd& herd, std::string name)
        : name_(std::move(name)), port_(herd.port(name_)) {
        std::string servers;
        std::map<std::string, std::string> lists;
        for (const auto& [one, other] : five_links) {
            lists[one] += (lists[one].empty() ? "\"" : ",\"") + other + "\"";
            lists[other] += (lists[other].empty() ? "\"" : ",\"") + one + "\"";
        }
        std::string neighbours;
        for (const auto& each : five_names) {
            const std::string begin = (servers.empty() ? "\"" : ",\"") + each + "\":";
            const auto port = each == name_ ? herd.port(each) : herd.peer_port(each);
            servers += begin + R"({"host":"127.0.0.1","port":)" + std::to_string(port) + "}";
            neighbours += begin + "[" + lists.at(each) + "]";
        }
        // Nobody listens for searches: what it knows is all that is asked of it.
        config_ = write_file(folder_ / "old.json",
                             "{\"servers\":{" + servers + "},\"neighbours\":{" + neighbours +
                                 "},\"places_url\":\"http://127.0.0.1:" +
                                 std::to_string(herd.places_port()) + "/\",\"key\":\"\"}");
        start();
    }

    void start() {
        const std::filesystem::path reference = environment("HERD_REFERENCE", "bench/reference");
        const auto script = std::filesystem::absolute(reference / "python/server.py");
        process_ = std::make_unique<Process>(
            std::vector<std::string>{python(), "-B", script, name_, "--config", config_},
            Process::Options{.folder = folder_.path()});
        const auto up = [&] { return accepts(port_) || process_->ended(); };
        if (!eventually(up) || process_->ended()) throw std::runtime_error(process_->err());
    }
    void kill() {
        process_->signal(SIGKILL);
        REQUIRE(process_->wait().has_value());
    }

private:
    std::string name_;
    std::uint16_t port_;
    TemporaryFolder folder_;
    std::string config_;
    std::unique_ptr<Process> process_;
};

std::string iamat(const std::string& client, int second) {
    return "IAMAT " + client + " +34.068930-118.445127 " + std::to_string(1'600'000'000 + second);
}

// A newer report of each client at one server, and its answers.
std::vector<std::string> report_all(const Herd& herd, const std::string& server, int second) {
    Client client(herd.port(server));
    std::string lines;
    for (int i = 0; i < client_count; ++i) lines += iamat("c" + std::to_string(i), second) + "\n";
    client.send(lines);
    std::vector<std::string> answers;
    for (int i = 0; i < client_count; ++i) answers.push_back(client.read_line());
    return answers;
}

// What the server has in place of these very lines, client by client; empty if it has them all.
std::string lacks(const Herd& herd,
                  const std::string& server,
                  const std::vector<std::string>& answers) {
    std::string lines;
    for (int i = 0; i < client_count; ++i) lines += "WHATSAT c" + std::to_string(i) + " 1 0\n";
    Client client(herd.port(server));
    client.send(lines);
    client.end();
    const std::string all = client.read_all();
    std::string missed;
    std::size_t at = 0;
    for (int i = 0; i < client_count; ++i) {
        const auto found = all.find(answers[static_cast<std::size_t>(i)], at);
        if (found != std::string::npos) {
            at = found;
            continue;
        }
        const auto other = all.find(" c" + std::to_string(i) + " ");
        const auto begin = all.rfind('\n', other) + 1;
        missed += server + " has " + all.substr(begin, all.find('\n', begin) - begin) + " for " +
                  answers[static_cast<std::size_t>(i)] + "\n";
    }
    return missed;
}

// What somebody still lacks when time is up. Each is asked only until it lacks nothing, as the old
// server answers slowly.
std::string missing(const Herd& herd, const std::vector<std::string>& answers) {
    std::string missed;
    for (const auto& name : herd.names()) {
        std::string lacking;
        eventually([&] {
            lacking = lacks(herd, name, answers);
            return lacking.empty();
        });
        missed += lacking;
    }
    return missed;
}

// Reports at one server until it dies, each of ten clients in turn.
class Writer {
public:
    Writer(const Herd& herd, std::string server)
        : client_(herd.port(server)), server_(std::move(server)), thread_([this] { run(); }) {}
    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;
    ~Writer() {
        stop_ = true;
        thread_.join();
    }

private:
    void run() {
        for (int i = 1; !stop_; ++i) {
            client_.ask(iamat("load-" + server_ + std::to_string(i % 10), i));
            std::this_thread::sleep_for(1ms);
        }
    }

    Client client_;
    std::string server_;
    std::atomic<bool> stop_ = false;
    std::thread thread_;
};

bool can_run_old() {
    if (run({python(), "-c", "import aiohttp"}).code == 0) return true;
    WARN("no Python with aiohttp: not tried");
    return false;
}

}  // namespace

TEST_CASE(
    "mixed herd: updates pass through an old server both ways, and one that is killed and "
    "started again under load knows all of them",
    "[live][mixed_herd]") {
    if (!can_run_old()) return;
    const std::string old_name = GENERATE("Hands", "Holiday");
    CAPTURE(old_name);
    // As many as it has messages at once: on a machine that is busy elsewhere it says the first of
    // them later than it is waited for.
    Herd herd({.limits = "\"peer_connections\": 1024", .legacy = {old_name}});
    OldServer old(herd, old_name);
    for (const auto& name : herd.names()) {
        if (name != old_name) herd.await_links(name);
    }
    int second = 0;
    for (const auto& name : herd.names()) {
        INFO("at " << name);
        CHECK(missing(herd, report_all(herd, name, ++second)) == "");
    }

    {
        const Writer goloman(herd, "Goloman");
        const Writer welsh(herd, "Welsh");
        std::this_thread::sleep_for(200ms);
        old.kill();
        const auto answers = report_all(herd, "Wilkes", ++second);
        const std::string down = "event=link_down neighbour=" + old_name;
        CHECK(eventually([&] { return herd.log("Wilkes").find(down) != std::string::npos; }));
        old.start();
        const auto begun = Clock::now();
        CHECK(missing(herd, answers) == "");
        const auto ms = std::chrono::duration<double, std::milli>(Clock::now() - begun).count();
        std::printf(
            "figure: %s, an old server, killed under load: all know all %d clients %.0f ms "
            "after it was up\n",
            old_name.c_str(),
            client_count,
            ms);
        CHECK(missing(herd, report_all(herd, old_name, ++second)) == "");
    }
    for (const std::string load : {"load-Goloman3", "load-Welsh7"}) {
        const auto known = [&](const std::string& name) {
            const std::string all = herd.line_of(name, load);
            return all.substr(0, all.find('\n'));
        };
        CHECK(eventually([&] {
            const std::string expected = known("Goloman");
            return std::ranges::all_of(herd.names(),
                                       [&](const auto& name) { return known(name) == expected; });
        }));
        CHECK(known(old_name).starts_with("AT "));
    }
    for (const auto& name : herd.names()) {
        if (name == old_name) continue;
        herd.kill(name, SIGTERM);
        CHECK(herd.server(name).wait() == 0);
    }
}

TEST_CASE("mixed herd: the program starts what is its own, and talks to what is not",
          "[live][mixed_herd]") {
    Herd herd({.legacy = {"Hands"}});
    const std::string config = herd.config();
    const Ran serve = run({herd_binary(), "serve", "Hands", "--config", config});
    CHECK(serve.code == 2);
    CHECK(serve.err == "Hands: it is marked legacy: another program serves it\n");
    const Ran check = run({herd_binary(), "check", "--config", config});
    CHECK(check.out.find("5 servers, 1 of them legacy, 6 links") != std::string::npos);
    CHECK(check.out.find("-- Hands (legacy), Holiday, Wilkes\n") != std::string::npos);
    if (!can_run_old()) return;
    for (const auto& name : herd.names()) {
        if (name != "Hands") herd.kill(name, SIGTERM);
    }
    const OldServer old(herd, "Hands");
    Process up({herd_binary(), "up", "--config", config});
    CHECK(up.says("\nready\n"));
    CHECK(up.out().find("Hands is marked legacy: start it yourself\n") != std::string::npos);
    const Ran sent = run({herd_binary(), "send", "Hands", iamat("c", 1), "--config", config});
    CHECK(sent.out.starts_with("AT Hands "));
    CHECK(eventually([&] { return herd.line_of("Welsh", "c") + "\n" == sent.out + "\n"; }));
    up.signal(SIGTERM);
    CHECK(up.wait() == 0);
}

TEST_CASE("mixed herd: with keys, only an old server is heard without TLS, though others are there",
          "[live][mixed_herd]") {
    Herd herd({.legacy = {"Hands"}, .sealed = true});
    const auto up = [&] {
        return herd.log("Goloman").find("link_up neighbour=Holiday") != std::string::npos;
    };
    REQUIRE(eventually(up));
    Client stranger(herd.peer_port("Goloman"));
    CHECK(stranger.ask("HELLO 1 Wilkes 00000000000000ab 0 0") == "ERR 506 TLS is spoken here\n");
    const std::string at = "AT Hands +0.100000000 c +34.068930-118.445127 1600000000.0";
    Client old(herd.peer_port("Goloman"));
    old.send(at + " Hands");
    old.end();
    CHECK(eventually([&] { return herd.line_of("Wilkes", "c") == at + "\n"; }));
}

}  // namespace mixed_herd_test
