#include "reactor/helper.hpp"

#include "tests/live/process.hpp"
#include "tests/unit/reactor/sockets.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

namespace reactor::helper_test {

namespace {

using namespace test;
using sys::Errand;

struct Asked {
    explicit Asked(sys::Priority priority = sys::Priority::usual) {
        REQUIRE(helper.open(priority).has_value());
    }
    void on_done(const Errand& errand) { done.push_back(errand); }
    bool await(std::size_t count) {
        return run_until(loop, [&] { return done.size() == count; });
    }

    OpenLoop loop;
    std::vector<Errand> done;
    Helper helper{loop, Delegate<void(const Errand&)>::to<&Asked::on_done>(*this)};
};

TEST_CASE("helper: errands are answered in the order asked, with what came of them",
          "[reactor][helper]") {
    const live::TemporaryFolder folder;
    Asked asked;
    const int file = *sys::open_to_keep((folder / "file").c_str());
    const int names = *sys::open_folder(folder.path().c_str());
    const Pair no_file = local_pair();
    REQUIRE(*sys::write(file, "kept") == 4);
    asked.helper.ask({.fd = file, .token = 7});
    asked.helper.ask({.what = Errand::What::sync_folder, .fd = names, .token = 8});
    asked.helper.ask({.fd = no_file.ours.fd(), .token = 9});
    asked.helper.ask({.what = Errand::What::close, .fd = file});
    asked.helper.ask({.fd = file, .token = 10});
    REQUIRE(asked.helper.unanswered() == 5);
    REQUIRE(asked.await(5));
    REQUIRE(asked.helper.idle());
    REQUIRE(asked.done[0].error == 0);
    REQUIRE(asked.done[1].error == 0);
    REQUIRE(asked.done[2].error == EINVAL);
    REQUIRE(asked.done[3].what == Errand::What::close);
    REQUIRE(asked.done[4].error == EBADF);
    for (std::size_t i = 0; i < 3; ++i) REQUIRE(asked.done[i].token == 7 + i);
    REQUIRE(asked.done[4].token == 10);
    sys::close(names);
}

// On a file system that can make them: what the temporary folder is on may not.
TEST_CASE("helper: a hole takes no room, reads as zeros, and is passed over", "[reactor][helper]") {
    const live::TemporaryFolder folder;
    Asked asked;
    const std::string path = folder / "file";
    const int file = *sys::open_to_keep(path.c_str());
    constexpr std::size_t size = 1 << 20;
    const std::string bytes(size, 'x');
    for (std::size_t written = 0; written < size;) {
        written += *sys::write(file, std::string_view(bytes).substr(written));
    }
    asked.helper.ask({.what = Errand::What::punch, .fd = file, .begin = 5, .end = size - 3});
    REQUIRE(asked.await(1));
    if (asked.done[0].error == EOPNOTSUPP) return;
    REQUIRE(asked.done[0].error == 0);
    const std::string zeros(size - 8, '\0');
    CHECK(live::read_file(path) == "xxxxx" + zeros + "xxx");
    struct stat stat {};
    REQUIRE(fstat(file, &stat) == 0);
    CHECK(stat.st_size == size);
    constexpr blkcnt_t block = 512;
    CHECK(stat.st_blocks * block < blkcnt_t{64} << 10);
    const int reader = *sys::open_to_read(path.c_str());
    std::string head(4096, '\0');
    REQUIRE(*sys::read(reader, head) == head.size());
    const std::uint64_t skipped = sys::skip_hole(reader);
    CHECK(skipped > size / 2);
    std::string tail(size, 'y');
    tail.resize(*sys::read(reader, tail));
    CHECK(head.size() + skipped + tail.size() == size);
    CHECK(tail.ends_with("xxx"));
    CHECK(sys::skip_hole(reader) == 0);
    sys::close(reader);
    asked.helper.ask({.what = Errand::What::punch, .fd = -1, .begin = 0, .end = 1});
    REQUIRE(asked.await(2));
    CHECK(asked.done[1].error == EBADF);
    sys::close(file);
}

TEST_CASE("helper: a file is found under its name, and no other is", "[reactor][helper]") {
    const live::TemporaryFolder folder;
    const std::string path = folder / "file";
    const std::string other = folder / "other";
    Asked asked;
    const int file = *sys::open_to_keep(path.c_str());
    const auto find = [&](const std::string& where) {
        asked.done.clear();
        asked.helper.ask({.what = Errand::What::find, .fd = file, .path = where.c_str()});
        REQUIRE(asked.await(1));
        return asked.done[0].error;
    };
    REQUIRE(*sys::write(file, "four") == 4);
    CHECK(find(path) == 0);
    CHECK(asked.done[0].end == 4);
    CHECK(sys::is_kept(path.c_str()));
    CHECK(find(other) == ENOENT);
    CHECK_FALSE(sys::is_kept(other.c_str()));
    std::filesystem::create_symlink(path, other);
    CHECK(find(other) == EEXIST);
    std::filesystem::remove(other);
    live::write_file(other, "");
    CHECK(find(other) == EEXIST);
    CHECK_FALSE(sys::is_kept(other.c_str()));
    REQUIRE(sys::rename(other.c_str(), path.c_str()).has_value());
    CHECK(find(path) == EEXIST);
    CHECK(find(path + "/below") == ENOTDIR);
    sys::close(file);
}

TEST_CASE("helper: files are made empty, renamed and removed, and folders made",
          "[reactor][helper]") {
    const live::TemporaryFolder folder;
    const std::string inner = folder / "inner";
    const std::string one = inner + "/one";
    const std::string two = inner + "/two";
    Asked asked;
    asked.helper.ask({.what = Errand::What::make, .path = one.c_str()});
    asked.helper.ask({.what = Errand::What::open_folder, .path = inner.c_str()});
    asked.helper.ask({.what = Errand::What::make, .path = one.c_str()});
    asked.helper.ask({.what = Errand::What::make, .path = one.c_str()});
    REQUIRE(asked.await(4));
    REQUIRE(asked.done[0].error == ENOENT);
    REQUIRE(asked.done[1].error == 0);
    REQUIRE(asked.done[2].error == 0);
    REQUIRE(asked.done[3].error == EAGAIN);
    const int folder_fd = asked.done[1].fd;
    REQUIRE(*sys::write(asked.done[2].fd, "kept") == 4);
    asked.helper.ask({.what = Errand::What::close, .fd = asked.done[2].fd});
    asked.helper.ask({.what = Errand::What::rename, .path = one.c_str(), .to = two.c_str()});
    asked.helper.ask({.what = Errand::What::rename, .path = one.c_str(), .to = two.c_str()});
    asked.helper.ask({.what = Errand::What::make, .path = two.c_str()});
    asked.helper.ask({.what = Errand::What::remove, .path = two.c_str()});
    asked.helper.ask({.what = Errand::What::sync_folder, .fd = folder_fd});
    REQUIRE(asked.await(10));
    REQUIRE(asked.done[5].error == 0);
    REQUIRE(asked.done[6].error == ENOENT);
    REQUIRE(asked.done[7].error == 0);
    REQUIRE(asked.done[8].error == 0);
    char buffer[8];
    REQUIRE(*sys::read(asked.done[7].fd, buffer) == 0);
    REQUIRE(sys::open_to_read(two.c_str()).error().value == ENOENT);
    sys::close(asked.done[7].fd);
    sys::close(folder_fd);
}

TEST_CASE("helper: of a low priority is the one that is asked to be, and nobody else",
          "[reactor][helper]") {
    const int ours = getpriority(PRIO_PROCESS, 0);
    for (const auto priority : {sys::Priority::low, sys::Priority::usual}) {
        Asked asked(priority);
        int theirs = 0;
        asked.helper.ask(
            {.what = Errand::What::call,
             .function = [](void* to) { *static_cast<int*>(to) = getpriority(PRIO_PROCESS, 0); },
             .argument = &theirs});
        REQUIRE(asked.await(1));
        REQUIRE(theirs == (priority == sys::Priority::low ? std::min(ours + 10, 19) : ours));
        REQUIRE(getpriority(PRIO_PROCESS, 0) == ours);
    }
}

TEST_CASE("helper: what was asked is done though the helper's owner is gone", "[reactor][helper]") {
    const live::TemporaryFolder folder;
    const std::string path = folder / "file";
    {
        Asked asked;
        asked.helper.ask({.what = Errand::What::close, .fd = *sys::open_to_keep(path.c_str())});
    }
    REQUIRE(live::eventually([&] {
        const auto again = sys::open_to_keep(path.c_str());
        if (again) sys::close(*again);
        return again.has_value();
    }));
}

// Helpers write to copies of its second end.
struct Pipe {
    Pipe() { REQUIRE(pipe2(ends, O_CLOEXEC) == 0); }
    ~Pipe() { close(ends[0]); }
    Pipe(const Pipe&) = delete;
    Pipe& operator=(const Pipe&) = delete;

    // Reads until nobody has the other end open.
    std::string read() {
        close(ends[1]);
        std::string all;
        char buffer[4096];
        while (true) {
            const ssize_t got = ::read(ends[0], buffer, sizeof buffer);
            if (got <= 0) return all;
            all.append(buffer, static_cast<std::size_t>(got));
        }
    }

    int ends[2] = {-1, -1};
};

TEST_CASE("helper: what several write to one pipe, lines, comes out as lines",
          "[reactor][helper]") {
    Pipe pipe;
    Asked writers[2];
    std::string texts[2];
    for (int i = 0; i < 2; ++i) {
        for (std::size_t size = 1; texts[i].size() < 400'000; size = size * 7 % 4091 + 1) {
            texts[i] += std::string(size, i == 0 ? 'a' : 'b') + "\n";
        }
        const int end = dup(pipe.ends[1]);
        writers[i].helper.ask({.what = Errand::What::write_lines, .fd = end, .bytes = texts[i]});
        writers[i].helper.ask({.what = Errand::What::close, .fd = end});
    }
    const std::string all = pipe.read();
    REQUIRE(all.size() == texts[0].size() + texts[1].size());
    REQUIRE(all.find("ab") == std::string::npos);
    REQUIRE(all.find("ba") == std::string::npos);
}

TEST_CASE("helper: a descriptor that others have made non-blocking takes all the same",
          "[reactor][helper]") {
    for (const auto what : {Errand::What::write, Errand::What::write_lines}) {
        Pipe pipe;
        Asked writer;
        REQUIRE(fcntl(pipe.ends[1], F_SETFL, O_NONBLOCK) == 0);
        const std::string text(400'000, 'x');
        const int end = dup(pipe.ends[1]);
        writer.helper.ask({.what = what, .fd = end, .bytes = text});
        writer.helper.ask({.what = Errand::What::close, .fd = end});
        REQUIRE(pipe.read() == text);
        REQUIRE(writer.await(2));
        REQUIRE(writer.done[0].error == 0);
        REQUIRE(writer.done[0].bytes.empty());
    }
}

TEST_CASE("helper: of a write that fails comes back what was not written", "[reactor][helper]") {
    Asked asked;
    const int full = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
    const std::string text = "a line\n";
    asked.helper.ask({.what = Errand::What::write, .fd = full, .bytes = text});
    REQUIRE(asked.helper.await(std::chrono::seconds(10)));
    REQUIRE(asked.done.size() == 1);
    REQUIRE(asked.done[0].error == ENOSPC);
    REQUIRE(asked.done[0].bytes.data() == text.data());
    REQUIRE(asked.done[0].bytes.size() == text.size());
    REQUIRE_FALSE(asked.helper.await(Duration::zero()));
    sys::close(full);
}

TEST_CASE("helper: pages are given back when all before it is done", "[reactor][helper]") {
    Pipe pipe;
    Asked asked;
    constexpr std::size_t size = std::size_t{1} << 20;
    char* const pages = static_cast<char*>(*sys::map_pages(size));
    std::fill_n(pages, size, 'x');
    const int end = dup(pipe.ends[1]);
    asked.helper.ask({.what = Errand::What::write, .fd = end, .bytes = {pages, size}});
    asked.helper.ask({.what = Errand::What::unmap, .bytes = {pages, size}});
    asked.helper.ask({.what = Errand::What::close, .fd = end});
    REQUIRE(pipe.read() == std::string(size, 'x'));
    // What is not mapped no pipe takes.
    const Pipe other;
    asked.helper.ask({.what = Errand::What::write, .fd = other.ends[1], .bytes = {pages, size}});
    REQUIRE(asked.await(4));
    REQUIRE(asked.done[3].error == EFAULT);
    sys::close(other.ends[1]);
}

// A pipe that nobody reads hangs as a disk does.
TEST_CASE("helper: one that hangs takes as many errands as it may be asked, and keeps what it uses",
          "[reactor][helper]") {
    int pipe_ends[2];
    REQUIRE(pipe2(pipe_ends, O_CLOEXEC) == 0);
    constexpr std::size_t size = std::size_t{1} << 20;
    {
        Asked asked;
        auto mapped = Pages::map(size);
        Pages pages = std::move(*mapped);
        std::ranges::fill(pages.bytes(), 'x');
        const std::string_view bytes(pages.bytes().data(), size);
        const auto begin = asked.loop.now();
        asked.helper.ask({.what = Errand::What::write, .fd = pipe_ends[1], .bytes = bytes});
        while (asked.helper.unanswered() < Helper::errands_max - 2) asked.helper.ask({.fd = -1});
        REQUIRE(asked.helper.busy_since() == begin);
        asked.helper.ask({.what = Errand::What::close, .fd = pipe_ends[1]});
        asked.helper.give(std::move(pages));
        REQUIRE(asked.helper.unanswered() == Helper::errands_max);
    }
    std::size_t got = 0;
    char buffer[4096];
    for (ssize_t count = 1; count > 0; got += static_cast<std::size_t>(count)) {
        count = read(pipe_ends[0], buffer, sizeof buffer);
        REQUIRE(count >= 0);
        REQUIRE(std::count(buffer, buffer + count, 'x') == count);
    }
    REQUIRE(got == size);
    close(pipe_ends[0]);
}

TEST_CASE("sys: a file that is kept is one keeper's, is read from its start, written at its end",
          "[reactor][helper]") {
    const live::TemporaryFolder folder;
    const std::string path = folder / "file";
    const int file = *sys::open_to_keep(path.c_str());
    REQUIRE(*sys::write(file, "one two") == 7);
    REQUIRE(sys::open_to_keep(path.c_str()).error().value == EAGAIN);
    const int reader = *sys::open_to_read(path.c_str());
    char buffer[16] = {};
    REQUIRE(*sys::read(reader, buffer) == 7);
    REQUIRE(std::string(buffer) == "one two");
    REQUIRE(*sys::read(reader, buffer) == 0);
    REQUIRE(sys::truncate(file, 3).has_value());
    REQUIRE(*sys::write(file, " more") == 5);
    REQUIRE(live::read_file(path) == "one more");
    const std::string other = folder / "other";
    REQUIRE(sys::rename(path.c_str(), other.c_str()).has_value());
    REQUIRE(live::read_file(other) == "one more");
    REQUIRE(sys::remove(other.c_str()).has_value());
    REQUIRE(sys::remove(other.c_str()).error().value == ENOENT);
    REQUIRE(sys::open_to_read(other.c_str()).error().value == ENOENT);
    sys::close(reader);
    sys::close(file);
}

}  // namespace

}  // namespace reactor::helper_test
