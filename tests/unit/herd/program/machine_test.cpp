#include "herd/program/machine.hpp"

#include <catch2/catch.hpp>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <unistd.h>

namespace machine_test {

using namespace herd::program;
namespace fs = std::filesystem;

namespace {

// A root with files of ours.
class Root {
public:
    Root() { fs::create_directories(path_); }
    Root(const Root&) = delete;
    Root& operator=(const Root&) = delete;
    ~Root() { fs::remove_all(path_); }

    void put(const std::string& name, const std::string& text) const {
        fs::create_directories((path_ / name).parent_path());
        std::ofstream(path_ / name) << text;
    }
    const fs::path& path() const { return path_; }

private:
    fs::path path_ = fs::temp_directory_path() / ("herd-machine-" + std::to_string(::getpid()));
};

}  // namespace

TEST_CASE("machine: the least of the control groups counts", "[herd][program]") {
    const Root root;
    CHECK_FALSE(memory_allowed(root.path()));
    root.put("proc/self/cgroup", "0::/a/b\n");
    CHECK_FALSE(memory_allowed(root.path()));
    root.put("sys/fs/cgroup/a/b/memory.max", "max\n");
    CHECK_FALSE(memory_allowed(root.path()));
    root.put("sys/fs/cgroup/a/memory.max", "1000000\n");
    CHECK(memory_allowed(root.path()) == std::uint64_t{1'000'000});
    root.put("sys/fs/cgroup/a/b/memory.max", "5000\n");
    CHECK(memory_allowed(root.path()) == std::uint64_t{5'000});
}

TEST_CASE("machine: in a container the group is where the hierarchy begins", "[herd][program]") {
    const Root root;
    root.put("proc/self/cgroup", "0::/../../system.slice/docker-1.scope\n");
    root.put("sys/fs/cgroup/memory.max", "268435456\n");
    CHECK(memory_allowed(root.path()) == std::uint64_t{268'435'456});
}

TEST_CASE("machine: control groups of the older kind", "[herd][program]") {
    const Root root;
    root.put("proc/self/cgroup", "5:memory:/docker/1\n1:cpu,cpuacct:/x\n0::/y\n");
    root.put("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
    CHECK_FALSE(memory_allowed(root.path()));
    root.put("sys/fs/cgroup/memory/docker/1/memory.limit_in_bytes", "7777\n");
    CHECK(memory_allowed(root.path()) == std::uint64_t{7'777});
}

TEST_CASE("machine: its memory, with what it may put aside", "[herd][program]") {
    const Root root;
    CHECK_FALSE(memory_there(root.path()));
    root.put("proc/meminfo", "MemTotal:       24683764 kB\nMemFree:  1 kB\nSwapTotal:  1024 kB\n");
    CHECK(memory_there(root.path()) == (std::uint64_t{24'683'764} + 1024) * 1024);
    root.put("proc/meminfo", "MemTotal: 5 kB\n");
    CHECK(memory_there(root.path()) == std::uint64_t{5} * 1024);
    root.put("proc/meminfo", "MemTotal: many kB\n");
    CHECK_FALSE(memory_there(root.path()));
}

TEST_CASE("machine: who keeps a server running", "[herd][program]") {
    const Root root;
    using Kind = Keeper::Kind;
    using namespace std::string_literals;
    CHECK(keeper_of(7, "Alpha", root.path()).kind == Kind::elsewhere);
    root.put("proc/7/cmdline", "herd\0serve\0Alpha\0--config\0x\0"s);
    root.put("proc/7/stat", "7 (he) rd) S 3 7 7 0\n");
    CHECK(keeper_of(7, "Alpha", root.path()).kind == Kind::none);
    CHECK(keeper_of(7, "Beta", root.path()).kind == Kind::elsewhere);
    root.put("proc/3/cmdline", "build/herd/herd\0up\0"s);
    CHECK(keeper_of(7, "Alpha", root.path()).kind == Kind::up);
    root.put("proc/7/cgroup", "0::/system.slice/system-herd.slice/herd@Alpha.service\n");
    const Keeper keeper = keeper_of(7, "Alpha", root.path());
    CHECK(keeper.kind == Kind::systemd);
    CHECK(keeper.unit == "herd@Alpha.service");
    CHECK(keeper.words == std::vector<std::string>{"herd", "serve", "Alpha", "--config", "x"});
    CHECK(keeper.folder.empty());
    fs::create_directory_symlink("/var/lib/herd/Alpha", root.path() / "proc/7/cwd");
    CHECK(keeper_of(7, "Alpha", root.path()).folder == "/var/lib/herd/Alpha");
    root.put("proc/7/cmdline", "sleep\0Alpha\0"s);
    CHECK(keeper_of(7, "Alpha", root.path()).kind == Kind::elsewhere);
}

}  // namespace machine_test
