#include "herd/program/writable.hpp"

#include "reactor/sys.hpp"

#include <catch2/catch.hpp>

#include <cerrno>
#include <filesystem>
#include <fstream>

#include <unistd.h>

namespace writable_test {

namespace fs = std::filesystem;

TEST_CASE("writable: whether a file can be kept shows before it is made", "[herd][program]") {
    const fs::path folder =
        fs::temp_directory_path() / ("herd-writable-" + std::to_string(::getpid()));
    fs::create_directory(folder);
    { std::ofstream(folder / "file") << "text"; }
    fs::create_symlink(folder / "file", folder / "link");
    const auto error = [&](const char* name) {
        const auto may = herd::program::may_keep(folder / name);
        return may ? 0 : may.error().value;
    };
    CHECK(error("file") == 0);
    CHECK(error("new") == 0);
    CHECK(error("new/file") == 0);
    CHECK(error("no/such/file") == ENOENT);
    CHECK(error("file/file") == ENOTDIR);
    CHECK(error("link") == ELOOP);
    fs::create_symlink(folder / "nowhere", folder / "stray");
    fs::create_directory_symlink(folder, folder / "itself");
    CHECK(error("stray/file") == ENOTDIR);
    CHECK(error("itself/file") == 0);
    CHECK(error(".") == reactor::sys::not_a_file);
    CHECK_FALSE(fs::exists(folder / "new"));
    CHECK(herd::program::may_keep("file-here").has_value());
    CHECK(herd::program::may_keep("folder-here/file").has_value());
    if (::geteuid() != 0) {
        fs::permissions(folder, fs::perms::owner_read | fs::perms::owner_exec);
        CHECK(error("new") == EACCES);
        fs::permissions(folder, fs::perms::owner_all);
    }
    fs::remove_all(folder);
}

}  // namespace writable_test
