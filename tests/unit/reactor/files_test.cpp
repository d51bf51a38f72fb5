#include "reactor/sys.hpp"

#include <catch2/catch.hpp>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <string>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace reactor::files_test {

namespace {

namespace fs = std::filesystem;

struct Folder {
    Folder() { fs::create_directory(path); }
    ~Folder() { fs::remove_all(path); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;

    std::string at(const char* name) const { return (path / name).string(); }

    fs::path path = fs::temp_directory_path() / ("reactor-files-" + std::to_string(getpid()));
};

// What each way to open it comes to: to append, to read, to keep; 0 is good.
std::string errors_of(const std::string& path) {
    std::string errors;
    for (auto* const open : {&sys::open_append, &sys::open_to_read, &sys::open_to_keep}) {
        const auto fd = open(path.c_str());
        if (fd) sys::close(*fd);
        errors += std::to_string(fd ? 0 : fd.error().value) + " ";
    }
    return errors;
}

std::string all(int error) {
    const std::string one = std::to_string(error) + " ";
    return one + one + one;
}

TEST_CASE("files: another name of a file takes nobody's place", "[reactor]") {
    const Folder folder;
    { std::ofstream(folder.at("file")) << "text"; }
    REQUIRE(sys::link(folder.at("file").c_str(), folder.at("kept").c_str()));
    { std::ofstream(folder.at("next")) << "next"; }
    REQUIRE(sys::rename(folder.at("next").c_str(), folder.at("file").c_str()));
    const auto taken = sys::link(folder.at("file").c_str(), folder.at("kept").c_str());
    REQUIRE_FALSE(taken);
    CHECK(taken.error().value == EEXIST);
    const auto missing = sys::link(folder.at("next").c_str(), folder.at("other").c_str());
    REQUIRE_FALSE(missing);
    CHECK(missing.error().value == ENOENT);
    CHECK(fs::file_size(folder.at("kept")) == 4);
    char buffer[8];
    const auto kept = sys::open_to_read(folder.at("kept").c_str());
    REQUIRE(kept);
    REQUIRE(*sys::read(*kept, buffer) == 4);
    CHECK(std::string(buffer, 4) == "text");
    sys::close(*kept);
}

TEST_CASE("files: a link at the end of a path is not followed, whatever it leads to", "[reactor]") {
    const Folder folder;
    { std::ofstream(folder.at("file")) << "text"; }
    fs::create_symlink(folder.at("file"), folder.at("link"));
    fs::create_symlink(folder.at("nothing"), folder.at("dangling"));
    CHECK(errors_of(folder.at("file")) == all(0));
    CHECK(errors_of(folder.at("link")) == all(ELOOP));
    CHECK(errors_of(folder.at("dangling")) == all(ELOOP));
    CHECK_FALSE(fs::exists(folder.at("nothing")));
    // A folder may be elsewhere: that is its owner's to say.
    fs::create_directory_symlink(folder.path, folder.at("folder"));
    CHECK(errors_of(folder.at("folder/file")) == all(0));
}

TEST_CASE("files: what is no file is refused, and nobody waits for a pipe's other end",
          "[reactor]") {
    const Folder folder;
    REQUIRE(mkfifo(folder.at("pipe").c_str(), 0600) == 0);
    const std::string refused = std::to_string(sys::not_a_file) + " ";
    CHECK(errors_of(folder.at("pipe")) == std::to_string(ENXIO) + " " + refused + refused);
    const int end = ::open(folder.at("pipe").c_str(), O_RDWR | O_CLOEXEC);
    CHECK(errors_of(folder.at("pipe")) == all(sys::not_a_file));
    ::close(end);
    CHECK(errors_of("/dev/null") == all(sys::not_a_file));
    CHECK(errors_of(folder.path) ==
          std::to_string(EISDIR) + " " + refused + std::to_string(EISDIR) + " ");
}

TEST_CASE("files: a descriptor goes on in another file, and stays where it is if it cannot",
          "[reactor]") {
    const Folder folder;
    const int fd = *sys::open_append(folder.at("log").c_str());
    REQUIRE(sys::write(fd, "one").has_value());
    fs::rename(folder.at("log"), folder.at("old"));
    REQUIRE(sys::reopen_append(fd, folder.at("log").c_str()).has_value());
    REQUIRE(sys::write(fd, "two").has_value());
    CHECK(sys::reopen_append(fd, folder.at("no/such").c_str()).error().value == ENOENT);
    REQUIRE(sys::write(fd, "three").has_value());
    sys::close(fd);
    CHECK(fs::file_size(folder.at("old")) == 3);
    CHECK(fs::file_size(folder.at("log")) == 8);
}

TEST_CASE("files: a new secret is its owner's alone, and takes no other's place", "[reactor]") {
    const Folder folder;
    const std::string path = folder.at("secret");
    const auto made = sys::make_secret(path.c_str());
    REQUIRE(made.has_value());
    REQUIRE(sys::write(*made, "one").has_value());
    sys::close(*made);
    CHECK(fs::status(path).permissions() == (fs::perms::owner_read | fs::perms::owner_write));
    CHECK(sys::make_secret(path.c_str()).error().value == EEXIST);
    fs::create_symlink(folder.at("elsewhere"), folder.at("link"));
    CHECK(sys::make_secret(folder.at("link").c_str()).error().value == EEXIST);
    CHECK_FALSE(fs::exists(folder.at("elsewhere")));
    CHECK(fs::file_size(path) == 3);
}

TEST_CASE("files: nobody gets a dump of a process that has forbidden it", "[reactor]") {
    const pid_t child = fork();
    if (child == 0) {
        sys::forbid_dumps();
        _exit(prctl(PR_GET_DUMPABLE));
    }
    REQUIRE(prctl(PR_GET_DUMPABLE) == 1);
    int status = -1;
    REQUIRE(waitpid(child, &status, 0) == child);
    CHECK(status == 0);
}

}  // namespace

}  // namespace reactor::files_test
