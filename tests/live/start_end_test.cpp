#include "tests/live/ports.hpp"
#include "tests/live/process.hpp"
#include "tests/live/three_servers.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

// What signals do to a program that has not started yet, and what it finds that the one before it
// has left.
namespace start_end_test {

namespace {

using live::eventually;
using live::herd_binary;
using live::Process;
using live::run;
using live::ThreeServers;

constexpr auto one_server =
    R"({"servers": [{"name": "A", "clients": "127.0.0.1:0", "peers": "127.0.0.1:0"}]})";

// A configuration that is read when the test lets it: whoever is given it is starting until then.
class SlowConfig {
public:
    explicit SlowConfig(const std::filesystem::path& path) : path_(path) {
        REQUIRE(mkfifo(path.c_str(), 0600) == 0);
    }
    SlowConfig(const SlowConfig&) = delete;
    SlowConfig& operator=(const SlowConfig&) = delete;
    ~SlowConfig() {
        if (fd_ >= 0) close(fd_);
    }

    // Returns once somebody reads it.
    bool await_reader() {
        return eventually([&] {
            fd_ = open(path_.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC);
            return fd_ >= 0;
        });
    }
    void say(const std::string& text) {
        CHECK(write(fd_, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
        close(std::exchange(fd_, -1));
    }

private:
    std::filesystem::path path_;
    int fd_ = -1;
};

}  // namespace

TEST_CASE("herd serve: SIGHUP ends no server that is starting", "[live][program]") {
    const live::TemporaryFolder folder;
    SlowConfig config(folder / "herd.json");
    Process server({herd_binary(), "serve", "A", "--config", folder / "herd.json"},
                   {.folder = folder.path()});
    REQUIRE(config.await_reader());
    server.signal(SIGHUP);
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    REQUIRE_FALSE(server.ended());
    config.say(one_server);
    CHECK(server.says("A: clients on "));
    // It has waited until it could be heeded.
    const auto log = folder / "log" / "A.log";
    CHECK(eventually(
        [&] { return live::read_file(log).find("event=log_reopened") != std::string::npos; }));
    server.signal(SIGTERM);
    CHECK(server.wait() == 0);
}

TEST_CASE("herd serve, herd up: SIGTERM ends what is starting as it ends what has started",
          "[live][program]") {
    const live::TemporaryFolder folder;
    const bool whole_herd = GENERATE(false, true);
    SlowConfig config(folder / "herd.json");
    std::vector<std::string> command = {herd_binary()};
    if (whole_herd) {
        command.emplace_back("up");
    } else {
        command.insert(command.end(), {"serve", "A"});
    }
    command.insert(command.end(), {"--config", folder / "herd.json"});
    Process starting(command);
    REQUIRE(config.await_reader());
    starting.signal(SIGTERM);
    CHECK(starting.wait() == 0);
    CHECK(starting.err().empty());
}

TEST_CASE("herd serve: SIGHUP reopens the log of a server that was started with it ignored",
          "[live][program]") {
    const ThreeServers herd;
    std::vector<std::string> command = {"/bin/sh", "-c", "trap '' HUP; exec \"$@\"", "sh"};
    for (const std::string& word : herd.serve("Alpha")) command.push_back(word);
    Process alpha(command);
    REQUIRE(alpha.says("Alpha: clients on "));
    const auto path = herd.folder / "log" / "Alpha.log";
    std::filesystem::rename(path, herd.folder / "log" / "Alpha.log.1");
    alpha.signal(SIGHUP);
    CHECK(eventually([&] { return std::filesystem::exists(path); }));
}

TEST_CASE("herd check: SIGHUP ends it, as it does any command that is not a server",
          "[live][program]") {
    const live::TemporaryFolder folder;
    SlowConfig config(folder / "herd.json");
    Process check({herd_binary(), "check", "--config", folder / "herd.json"});
    REQUIRE(config.await_reader());
    check.signal(SIGHUP);
    CHECK(check.wait() == -SIGHUP);
}

TEST_CASE("herd places: SIGHUP is no matter", "[live][program]") {
    const char* const data = std::getenv("HERD_DATA");
    REQUIRE(data != nullptr);
    Process places({herd_binary(), "places", "--listen", "127.0.0.1:0", "--data", data});
    REQUIRE(places.says("places listening on "));
    places.signal(SIGHUP);
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    CHECK_FALSE(places.ended());
    places.signal(SIGTERM);
    CHECK(places.wait() == 0);
}

TEST_CASE("herd serve: what a full disk has left of a log's last line is ended",
          "[live][program]") {
    const ThreeServers herd;
    const auto path = herd.folder / "log" / "Alpha.log";
    std::filesystem::create_directory(path.parent_path());
    live::write_file(path, "time=1 event=whole\ntime=2 event=ha");
    Process alpha(herd.serve("Alpha"));
    REQUIRE(alpha.says("Alpha: clients on "));
    CHECK(eventually(
        [&] { return live::read_file(path).find("event=started") != std::string::npos; }));
    const std::string log = live::read_file(path);
    CHECK(log.starts_with("time=1 event=whole\ntime=2 event=ha\ntime="));
    CHECK(log.find("level=warning event=lost lines=1\n") != std::string::npos);
}

TEST_CASE("herd serve: its log says why it did not start, as standard error does",
          "[live][program]") {
    const ThreeServers herd;
    const auto log = herd.folder / "log" / "Alpha.log";
    const auto says = [&](const std::string& why) {
        const std::string text = live::read_file(log);
        const std::size_t at = text.find(" level=error event=start_refused why=\"" + why);
        return at != std::string::npos && text.ends_with("\"\n");
    };
    SECTION("refused before its log was open, with all else right") {
        CHECK(run(herd.serve("Alpha"), {.descriptors = 1000}).code == 2);
        CHECK(says("open files (ulimit -n): "));
    }
    SECTION("refused when it was") {
        const live::LoopbackSocket other(herd.clients[0]);
        REQUIRE(other.bind());
        REQUIRE(other.listen());
        CHECK(run(herd.serve("Alpha")).code == 2);
        CHECK(says("clients' address 127.0.0.1:"));
    }
    SECTION("a configuration that cannot be read, of a server that has a log") {
        const auto broken = live::write_file(herd.folder / "broken.json", "{\n");
        const std::vector<std::string> command = {
            herd_binary(), "serve", "Alpha", "--config", broken, "--log-dir", log.parent_path()};
        CHECK(run(command).code == 2);
        CHECK_FALSE(std::filesystem::exists(log.parent_path()));
        std::filesystem::create_directory(log.parent_path());
        live::write_file(log, "");
        CHECK(run(command).code == 2);
        CHECK(says(broken.string() + ":2: "));
    }
}

TEST_CASE("herd serve: no log is made of a server that is not this program's", "[live][program]") {
    const live::TemporaryFolder folder;
    const auto config = live::write_file(
        folder / "herd.json",
        R"({"servers": [{"name": "A", "clients": "127.0.0.1:0", "peers": "127.0.0.1:0"},
                        {"name": "B", "legacy": true, "peers": "127.0.0.1:1"}]})");
    for (const char* const name : {"AA", "B"}) {
        const live::Ran ran =
            run({herd_binary(), "serve", name, "--config", config}, {.folder = folder.path()});
        CHECK(ran.code == 2);
        CHECK_FALSE(ran.err.empty());
    }
    CHECK_FALSE(std::filesystem::exists(folder / "log"));
}

}  // namespace start_end_test
