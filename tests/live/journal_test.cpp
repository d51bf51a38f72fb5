#include "tests/live/client.hpp"
#include "tests/live/ports.hpp"
#include "tests/live/process.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <sys/resource.h>
#include <sys/stat.h>

namespace journal_test {

using namespace live;
using namespace std::chrono_literals;

namespace {

constexpr const char* place = "+34.068930-118.445127";

// A server without neighbours, with a journal, and what it can be asked.
class Lone {
public:
    explicit Lone(const std::string& fsync = "second", bool listen_first = false) {
        const auto ports = take_ports(3);
        port_ = ports[0];
        http_ = ports[2];
        config_ = write_file(
            folder_ / "herd.json",
            R"({"servers": [{"name": "Alone", "clients": "127.0.0.1:)" + std::to_string(ports[0]) +
                R"(", "peers": "127.0.0.1:)" + std::to_string(ports[1]) +
                R"(", "http": "127.0.0.1:)" + std::to_string(ports[2]) +
                R"("}], "log": {"folder": ")" + (folder_ / "log").string() +
                R"("}, "journal": {"folder": ")" + journals().string() + R"(", "fsync": ")" +
                fsync + R"(", "listen_first": )" + (listen_first ? "true" : "false") + "}}");
    }

    // Whether it takes clients.
    bool start() {
        process_ = std::make_unique<Process>(
            std::vector<std::string>{herd_binary(), "serve", "Alone", "--config", config_});
        return process_->says(": clients on ");
    }
    bool end(int signal) {
        process_->signal(signal);
        return process_->wait().has_value();
    }
    Process& process() { return *process_; }
    std::uint16_t port() const { return port_; }
    std::filesystem::path journals() const { return folder_ / "kept"; }
    std::filesystem::path file() const { return journals() / "Alone.journal"; }
    std::filesystem::path other(const std::string& name) const { return folder_ / name; }
    bool logged(const std::string& event) const {
        return eventually([&] {
            const std::string log = read_file(folder_ / "log" / "Alone.log");
            return log.find(" event=" + event + " ") != std::string::npos;
        });
    }

    bool report(const std::string& client, std::uint64_t time) const {
        return Client(port_)
            .ask("IAMAT " + client + " " + place + " " + std::to_string(time))
            .starts_with("AT Alone ");
    }
    // What it is told of where to send clients: a line with a status.
    std::string readiness() const { return get("/readyz"); }
    // The whole answer.
    std::string get(const std::string& path) const {
        Client client(http_);
        client.send("GET " + path + " HTTP/1.0\r\n\r\n");
        return client.read_all();
    }
    // The time that it knows of the client; 0: it knows nothing.
    std::uint64_t known(const std::string& client) const {
        const std::string line = Client(port_).ask("WHATSAT " + client + " 1 0");
        return line.starts_with("AT ") ? std::stoull(line.substr(line.rfind(' ') + 1)) : 0;
    }

private:
    TemporaryFolder folder_;
    std::uint16_t port_ = 0;
    std::uint16_t http_ = 0;
    std::string config_;
    std::unique_ptr<Process> process_;
};

// Reports of its own clients without pause, many at a time, until the server is gone.
class Writer {
public:
    static constexpr std::uint64_t clients = 100;

    Writer(std::uint16_t port, std::string name, std::uint64_t first)
        : port_(port), name_(std::move(name)), next_(first), thread_([this] { run(); }) {}
    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;
    ~Writer() { thread_.join(); }

    std::uint64_t answered() const { return answered_; }
    std::uint64_t next() const { return next_; }
    std::string client(std::uint64_t number) const {
        return name_ + std::to_string(number % clients);
    }

private:
    void run() {
        constexpr std::uint64_t depth = 50;
        try {
            Client client(port_);
            while (true) {
                std::string lines;
                for (std::uint64_t i = 0; i < depth; ++i) {
                    const std::uint64_t time = next_ + i;
                    lines += "IAMAT " + this->client(time) + " " + place + " " +
                             std::to_string(time) + "\n";
                }
                client.send(lines);
                for (std::uint64_t i = 0; i < depth; ++i) {
                    if (client.read_line().ends_with(" " + std::to_string(next_) + "\n")) {
                        answered_ = next_++;
                    }
                }
            }
        } catch (const std::exception&) {
            // The server is gone.
        }
    }

    std::uint16_t port_;
    std::string name_;
    std::atomic<std::uint64_t> next_;
    std::atomic<std::uint64_t> answered_ = 0;
    std::thread thread_;
};

// How many of the writer's clients the server knows less new than it has answered.
int lost(const Lone& lone, const Writer& writer, std::uint64_t first) {
    int count = 0;
    const std::uint64_t last = writer.answered();
    for (std::uint64_t time = last; time >= first && time + Writer::clients > last; --time) {
        count += lone.known(writer.client(time)) < time;
    }
    return count;
}

}  // namespace

TEST_CASE("journal: kill -9 under load loses nothing that was answered", "[live][journal]") {
    const std::string fsync = GENERATE("second", "always");
    Lone lone(fsync);
    std::uint64_t first = 1;
    std::uint64_t reports = 0;
    int missing = 0;
    for (int round = 0; round < 10; ++round) {
        REQUIRE(lone.start());
        const auto pause = std::chrono::milliseconds(50 + 37 * round);
        const auto load = [&](const char* name) {
            return std::make_unique<Writer>(lone.port(), name, first);
        };
        const std::array writers = {load("a"), load("b"), load("c")};
        std::this_thread::sleep_for(pause);
        REQUIRE(lone.end(SIGKILL));
        REQUIRE(lone.start());
        for (const auto& writer : writers) {
            missing += lost(lone, *writer, first);
            reports += writer->answered() - first + 1;
        }
        for (const auto& writer : writers) first = std::max(first, writer->next() + 100);
        REQUIRE(lone.end(SIGKILL));
    }
    std::printf("figure: fsync %s: 10 times kill -9, %llu reports answered, %d lost\n",
                fsync.c_str(),
                static_cast<unsigned long long>(reports),
                missing);
    CHECK(missing == 0);
    CHECK(reports > 1'000);
}

TEST_CASE("journal: SIGTERM ends a server that starts with all it knew", "[live][journal]") {
    Lone lone("always");
    REQUIRE(lone.start());
    REQUIRE(lone.report("kiwi", 5));
    REQUIRE(lone.end(SIGTERM));
    CHECK(lone.process().wait() == 0);
    REQUIRE(lone.start());
    CHECK(lone.logged("journal_loaded"));
    CHECK(lone.known("kiwi") == 5);
    CHECK((std::filesystem::status(lone.file()).permissions() & std::filesystem::perms::all) ==
          (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));
}

TEST_CASE("journal: a server that listens first answers while it reads, and loses nothing of it",
          "[live][journal]") {
    Lone lone("second", true);
    REQUIRE(lone.start());
    for (const char* client : {"first", "filler", "last"}) REQUIRE(lone.report(client, 5));
    REQUIRE(lone.end(SIGTERM));
    // As long as a large one: a line of the filler's stands in it two million times.
    std::vector<std::string> lines;
    std::ifstream kept(lone.file());
    for (std::string line; std::getline(kept, line);) lines.push_back(line + "\n");
    REQUIRE(lines.size() == 4);
    std::ofstream file(lone.file(), std::ios::trunc);
    file << lines[0] << lines[1];
    for (int i = 0; i < 2'000'000; ++i) file << lines[2];
    file << lines[3];
    REQUIRE(file.flush());
    REQUIRE(lone.start());
    CHECK(lone.known("first") == 5);
    CHECK(lone.known("last") == 0);
    // What is not known yet is not said to be unknown, where there is a word for that.
    const std::string unknown = lone.get("/client/last");
    CHECK(unknown.starts_with("HTTP/1.1 503 "));
    CHECK(unknown.find("\r\nRetry-After: 1\r\n") != std::string::npos);
    CHECK(unknown.find("loading its journal") != std::string::npos);
    CHECK(lone.get("/nearby?client=last&radius=1&bound=1").starts_with("HTTP/1.1 503 "));
    CHECK(lone.get("/nearby?client=first&radius=1&bound=1")
              .find(R"({"server":"Alone","loading":true,"clients":[)") != std::string::npos);
    CHECK(lone.get("/client/first").starts_with("HTTP/1.1 200 "));
    CHECK(lone.readiness().starts_with("HTTP/1.1 503 "));
    REQUIRE(lone.report("kiwi", 6));
    REQUIRE(lone.end(SIGKILL));
    REQUIRE(lone.start());
    CHECK(eventually([&] { return lone.readiness().starts_with("HTTP/1.1 200 "); }));
    CHECK(lone.logged("journal_whole"));
    CHECK(lone.known("kiwi") == 6);
    CHECK(lone.known("last") == 5);
    CHECK(lone.get("/client/nobody").starts_with("HTTP/1.1 404 "));
    CHECK(lone.get("/nearby?client=last&radius=1&bound=1").find("loading") == std::string::npos);
}

TEST_CASE("journal: a torn tail is said and dropped", "[live][journal]") {
    Lone lone;
    REQUIRE(lone.start());
    REQUIRE(lone.report("kiwi", 5));
    REQUIRE(lone.end(SIGKILL));
    const std::string good = read_file(lone.file());
    std::ofstream(lone.file(), std::ios::app) << "12345678 AT Alone";
    REQUIRE(lone.start());
    CHECK(lone.logged("journal_torn"));
    CHECK(lone.known("kiwi") == 5);
    CHECK(read_file(lone.file()) == good);
}

TEST_CASE("journal: what the disk has lost is said, all else is read, and the file is kept",
          "[live][journal]") {
    const bool listen_first = GENERATE(false, true);
    Lone lone("second", listen_first);
    REQUIRE(lone.start());
    for (const char* client : {"kiwi", "emu", "rhea"}) REQUIRE(lone.report(client, 5));
    REQUIRE(lone.end(SIGKILL));
    std::string rotten = read_file(lone.file());
    rotten[rotten.find(" emu ") + 1] ^= 1;
    write_file(lone.file(), rotten);
    REQUIRE(lone.start());
    CHECK(lone.logged("journal_damaged"));
    CHECK(lone.logged("journal_put_aside"));
    CHECK(lone.known("kiwi") == 5);
    CHECK(lone.known("emu") == 0);
    CHECK(lone.known("rhea") == 5);
    CHECK(eventually([&] {
        return lone.process().err().find("are not what was written") != std::string::npos;
    }));
    REQUIRE(lone.end(SIGTERM));
    bool kept = false;
    for (const auto& entry : std::filesystem::directory_iterator(lone.journals())) {
        kept = kept || (entry.path().string().find(".bad-") != std::string::npos &&
                        read_file(entry.path()) == rotten);
    }
    CHECK(kept);
    // One that was refused before keeps its name.
    write_file(lone.file().string() + ".refused-1", rotten);
    REQUIRE(lone.start());
    CHECK(eventually([&] {
        return lone.process().err().find("are not what was written") != std::string::npos;
    }));
    CHECK(lone.process().err().find(".bad-") == std::string::npos);
}

TEST_CASE("journal: one that cannot be kept is said, and kept when it can", "[live][journal]") {
    Lone lone;
    write_file(lone.journals(), "a file where the folder should be");
    REQUIRE(lone.start());
    CHECK(lone.logged("journal_failed"));
    CHECK(lone.report("kiwi", 5));
    std::filesystem::remove(lone.journals());
    CHECK(lone.logged("journal_recovered"));
    CHECK(lone.report("kiwi", 6));
    REQUIRE(lone.end(SIGKILL));
    REQUIRE(lone.start());
    CHECK(lone.known("kiwi") == 6);
}

TEST_CASE("journal: without room for it the server goes on, and keeps all when there is",
          "[live][journal]") {
    Lone lone;
    REQUIRE(lone.start());
    const auto limit_files = [&](rlim_t bytes) {
        const rlimit limit{bytes, RLIM_INFINITY};
        return prlimit(lone.process().pid(), RLIMIT_FSIZE, &limit, nullptr) == 0;
    };
    REQUIRE(limit_files(8'192));
    for (std::uint64_t i = 0; i < 200; ++i) {
        REQUIRE(lone.report("c" + std::to_string(i), 1'000 + i));
    }
    CHECK(lone.logged("journal_failed"));
    REQUIRE(limit_files(RLIM_INFINITY));
    CHECK(lone.logged("journal_recovered"));
    REQUIRE(lone.end(SIGKILL));
    REQUIRE(lone.start());
    CHECK(lone.known("c0") == 1'000);
    CHECK(lone.known("c199") == 1'199);
}

TEST_CASE("journal: a server does not start on another one's", "[live][journal]") {
    Lone lone;
    REQUIRE(lone.start());
    REQUIRE(lone.end(SIGTERM));
    write_file(lone.file(), "e81c3f19 HERD-JOURNAL 1 Other\n");
    CHECK_FALSE(lone.start());
    CHECK(lone.process().wait() == 2);
    CHECK(lone.process().err().starts_with("Alone: journal "));
}

TEST_CASE("journal: trouble with what is to take its place is told of by that name",
          "[live][journal]") {
    Lone lone;
    REQUIRE(lone.start());
    REQUIRE(lone.report("kiwi", 5));
    REQUIRE(lone.end(SIGTERM));
    const std::string next = lone.file().string() + ".new";
    std::filesystem::create_directory(next);
    REQUIRE(lone.start());
    CHECK(lone.logged("journal_failed file=" + next + " what=open"));
    CHECK(lone.known("kiwi") == 5);
    std::filesystem::remove(next);
    CHECK(lone.logged("journal_recovered"));
}

TEST_CASE("journal: it is for its owner only, whatever it was, from the start", "[live][journal]") {
    using std::filesystem::perms;
    Lone lone;
    const auto mode = [&] { return std::filesystem::status(lone.file()).permissions(); };
    // The beginning of a first line.
    std::filesystem::create_directory(lone.journals());
    write_file(lone.file(), "e81");
    std::filesystem::permissions(lone.file(), perms(0644));
    REQUIRE(lone.start());
    CHECK(mode() == (perms::owner_read | perms::owner_write));
    CHECK(lone.report("kiwi", 5));
    REQUIRE(lone.end(SIGKILL));
    REQUIRE(lone.start());
    CHECK(lone.known("kiwi") == 5);
}

TEST_CASE("journal: what stands in its place and is no file is told of in plain words",
          "[live][journal]") {
    Lone server;
    std::filesystem::create_directories(server.journals());
    const auto refused = [&](const std::filesystem::path& path) {
        CHECK_FALSE(server.start());
        CHECK(server.process().wait() == 2);
        std::filesystem::remove(path);
        return server.process().err().substr(std::string("Alone: journal ").size());
    };
    for (const char* const mark : {"", ".refused-1"}) {
        const auto path = server.file().string() + mark;
        std::filesystem::create_symlink("/dev/null", path);
        CHECK(refused(path) == path + ": it is a symbolic link: make it a file\n");
        REQUIRE(mkfifo(path.c_str(), 0600) == 0);
        CHECK(refused(path) == path + ": it is not a file\n");
        std::filesystem::create_directory(path);
        CHECK(refused(path) == path + ": it is not a file\n");
    }
    CHECK(server.start());
}

}  // namespace journal_test
