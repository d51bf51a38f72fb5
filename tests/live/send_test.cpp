#include "tests/live/client.hpp"
#include "tests/live/process.hpp"
#include "tests/live/three_servers.hpp"

#include <catch2/catch.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

// `herd send NAME -` with an input that takes its time.
namespace send_test {

namespace {

using live::Process;
using live::TemporaryFolder;
using live::ThreeServers;

// A program, and our end of what it reads as its standard input.
class Feed {
public:
    explicit Feed(const std::vector<std::string>& command)
        : pipe_(make_pipe(folder_ / "pipe")),
          program_(command_from(pipe_, command)),
          fd_(::open(pipe_.c_str(), O_WRONLY | O_CLOEXEC)) {
        REQUIRE(fd_ >= 0);
    }
    Feed(const Feed&) = delete;
    Feed& operator=(const Feed&) = delete;
    ~Feed() { end(); }

    Process& program() { return program_; }
    void say(std::string_view text) const {
        REQUIRE(::write(fd_, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
    }
    // Says it again and again, `size` bytes in all; false: they are no longer read.
    bool pour(const std::string& text, std::size_t size) const {
        fcntl(fd_, F_SETFL, O_NONBLOCK);
        for (std::size_t said = 0; said < size; said += text.size()) {
            const auto taken = [&] { return ::write(fd_, text.data(), text.size()) > 0; };
            if (!live::eventually(taken, std::chrono::seconds(2))) return false;
        }
        return true;
    }
    void end() {
        if (fd_ >= 0) ::close(fd_);
        fd_ = -1;
    }

private:
    static std::string make_pipe(std::string path) {
        REQUIRE(mkfifo(path.c_str(), 0600) == 0);
        return path;
    }
    static std::vector<std::string> command_from(const std::string& pipe,
                                                 const std::vector<std::string>& command) {
        std::vector<std::string> words = {"/bin/sh", "-c", R"(exec "$@" <"$0")", pipe};
        words.insert(words.end(), command.begin(), command.end());
        return words;
    }

    TemporaryFolder folder_;
    std::string pipe_;
    Process program_;
    int fd_;
};

}  // namespace

TEST_CASE("herd send: says what its input says as it comes", "[live][program]") {
    const ThreeServers herd;
    Process alpha(herd.serve("Alpha"));
    REQUIRE(alpha.says("Alpha: clients on "));
    Feed feed(herd.command({"send", "Alpha", "IAMAT emu +1-1 5", "-", "x"}));
    feed.say("IAMAT kiwi +1-1 5\nWHATSIT");
    CHECK(feed.program().says(" kiwi +1-1 5\n"));
    feed.say(" y\nFOLLOW kiwi\n");
    CHECK(feed.program().says("? WHATSIT y\nFOLLOW Alpha 1\nNOW 1 AT Alpha "));
    // Nothing is asked now, and what is pushed shows all the same.
    REQUIRE(herd.send("Alpha", {"IAMAT kiwi +2-2 6"}).code == 0);
    CHECK(feed.program().says(" kiwi +2-2 6\n"));
    feed.say("the last has no end");
    feed.end();
    CHECK(feed.program().wait() == 1);
    CHECK(feed.program().out().ends_with("\n? the last has no end\n? x\n"));
}

TEST_CASE("herd send: its input may end long after the last answer", "[live][program]") {
    const ThreeServers herd;
    Process alpha(herd.serve("Alpha"));
    REQUIRE(alpha.says("Alpha: clients on "));
    Feed feed(herd.command({"send", "Alpha", "-"}));
    feed.say("IAMAT kiwi +1-1 5\n");
    CHECK(feed.program().says(" kiwi +1-1 5\n"));
    feed.end();
    CHECK(feed.program().wait() == 0);
    CHECK(feed.program().err().empty());
}

TEST_CASE("herd send: reads no faster than it is answered", "[live][program]") {
    const ThreeServers herd;
    const live::LoopbackSocket silent(herd.clients[0]);
    REQUIRE(silent.bind());
    REQUIRE(silent.listen());
    Feed feed(herd.command({"send", "Alpha", "-"}));
    std::string lines;
    for (int i = 0; i < 100; ++i) lines += "IAMAT kiwi +34.068930-118.445127 1520023934.5\n";
    CHECK_FALSE(feed.pour(lines, std::size_t{8} << 20));
    CHECK_FALSE(feed.program().ended());
}

}  // namespace send_test
