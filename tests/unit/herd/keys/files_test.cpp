#include "herd/keys/files.hpp"

#include "tests/live/process.hpp"

#include <catch2/catch.hpp>

#include <cerrno>
#include <cstddef>
#include <filesystem>
#include <iterator>
#include <string>

#include <sys/stat.h>

namespace keys_files_test {

namespace fs = std::filesystem;
namespace keys = herd::keys;
using live::read_file;
using live::TemporaryFolder;
using live::write_file;

namespace {

unsigned mode(const fs::path& path) {
    return static_cast<unsigned>(fs::symlink_status(path).permissions());
}

std::ptrdiff_t files_in(const fs::path& folder) {
    return std::distance(fs::directory_iterator(folder), fs::directory_iterator());
}

keys::Folder opened(const fs::path& path) {
    auto folder = keys::Folder::open(path);
    REQUIRE(folder);
    return std::move(*folder);
}

}  // namespace

TEST_CASE("keys: a folder that is missing is made for its owner only", "[herd][keys]") {
    const TemporaryFolder place;
    const mode_t before = umask(0);
    CHECK(keys::Folder::make(place / "keys"));
    umask(before);
    CHECK(mode(place / "keys") == 0700);
    fs::permissions(place / "keys", fs::perms(0750));
    CHECK(keys::Folder::make(place / "keys"));
    CHECK(mode(place / "keys") == 0750);

    write_file(place / "file", "");
    for (const std::string name : {"file", "none/keys"}) {
        const auto failed = keys::Folder::make(place / name);
        REQUIRE_FALSE(failed);
        CHECK(failed.error().starts_with((place / name).string() + ": "));
    }
    CHECK_FALSE(keys::Folder::open(place / "none"));
}

TEST_CASE("keys: new files have their modes, whatever the umask is", "[herd][keys]") {
    const TemporaryFolder place;
    const auto folder = opened(place.path());
    for (const mode_t mask : {mode_t{0}, mode_t{0077}, mode_t{0777}}) {
        const mode_t before = umask(mask);
        const std::string name = std::to_string(mask);
        CHECK(folder.add(name + ".key", "secret", keys::Mode::secret));
        CHECK(folder.add(name + ".crt", "open", keys::Mode::open));
        umask(before);
        CHECK(mode(place / (name + ".key")) == 0600);
        CHECK(mode(place / (name + ".crt")) == 0644);
        CHECK(read_file(place / (name + ".key")) == "secret");
    }
    CHECK(files_in(place.path()) == 6);
}

TEST_CASE("keys: whatever has a name keeps it", "[herd][keys]") {
    const TemporaryFolder place;
    const auto folder = opened(place.path());
    write_file(place / "file", "as it was");
    fs::create_symlink("nowhere", place / "dangling");
    fs::create_symlink("file", place / "link");
    fs::create_directory(place / "folder");
    for (const std::string name : {"file", "dangling", "link", "folder"}) {
        INFO(name);
        CHECK(folder.has(name));
        const auto added = folder.add(name, "new", keys::Mode::open);
        REQUIRE_FALSE(added);
        CHECK(added.error().value == EEXIST);
    }
    CHECK(read_file(place / "file") == "as it was");
    CHECK_FALSE(folder.has("nowhere"));
    CHECK(files_in(place.path()) == 4);
}

TEST_CASE("keys: only regular files of a fair size are read, and no link", "[herd][keys]") {
    const TemporaryFolder place;
    const auto folder = opened(place.path());
    write_file(place / "file", "text");
    write_file(place / "empty", "");
    write_file(place / "long", std::string(keys::key_file_max, 'x'));
    write_file(place / "longest", std::string(keys::key_file_max - 1, 'x'));
    fs::create_symlink("file", place / "link");
    fs::create_directory(place / "folder");
    REQUIRE(mkfifo((place / "pipe").c_str(), 0600) == 0);

    CHECK(folder.read("file").view() == "text");
    CHECK(folder.read("file").unread.why.empty());
    CHECK(folder.read("empty").unread.why.empty());
    CHECK(folder.read("longest").view().size() == keys::key_file_max - 1);
    CHECK(folder.read("long").unread.why == "is too long for what it should be");
    CHECK(folder.read("link").unread.why == "is a symbolic link");
    CHECK(folder.read("folder").unread.why == "is not a file");
    CHECK(folder.read("pipe").unread.why == "is not a file");
    CHECK(folder.read("none").unread.missing);
    CHECK_FALSE(folder.read("none").unread.why.empty());
    CHECK_FALSE(folder.read("link").unread.missing);
}

TEST_CASE("keys: who else may read or change a file", "[herd][keys]") {
    const TemporaryFolder place;
    const auto folder = opened(place.path());
    write_file(place / "file", "text");
    const auto access = [&](unsigned bits) {
        fs::permissions(place / "file", fs::perms(bits));
        return folder.read("file").access;
    };
    CHECK_FALSE(access(0600).others_read);
    CHECK_FALSE(access(0640).others_read);
    CHECK_FALSE(access(0640).others_change);
    CHECK(access(0644).others_read);
    CHECK_FALSE(access(0644).others_change);
    CHECK(access(0620).others_change);
    CHECK(access(0602).others_change);
    CHECK_FALSE(access(0602).others_read);
    fs::permissions(place.path(), fs::perms(0755));
    CHECK_FALSE(folder.access().others_change);
    fs::permissions(place.path(), fs::perms(0775));
    CHECK(folder.access().others_change);
}

TEST_CASE("keys: a secret that has moved is empty where it was", "[herd][keys]") {
    keys::Secret one({'a', 'b', 'c'}, 2);
    keys::Secret other(std::move(one));
    CHECK(other.text() == "ab");
    CHECK(one.text().empty());  // NOLINT(bugprone-use-after-move): that is what is tested
    one = std::move(other);
    CHECK(one.text() == "ab");
}

}  // namespace keys_files_test
