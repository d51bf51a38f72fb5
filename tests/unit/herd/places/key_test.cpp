#include "herd/places/key.hpp"

#include <catch2/catch.hpp>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include <sys/stat.h>
#include <unistd.h>

namespace herd {
namespace {

// A file of its own, which goes with it.
struct KeyFile {
    explicit KeyFile(std::string_view text) {
        const int fd = mkstemp(path.data());
        REQUIRE(fd >= 0);
        REQUIRE(write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
        close(fd);
    }
    ~KeyFile() { std::remove(path.c_str()); }
    KeyFile(const KeyFile&) = delete;
    KeyFile& operator=(const KeyFile&) = delete;

    std::string path = "/tmp/places_key_test_XXXXXX";
};

TEST_CASE("places key: one end of line is trimmed, anything else is refused", "[herd]") {
    CHECK(*places::parse_key("AIza") == "AIza");
    CHECK(*places::parse_key("AIza\n") == "AIza");
    CHECK(*places::parse_key("AIza\r\n") == "AIza");
    for (const std::string_view wrong : {"",
                                         "\n",
                                         " ",
                                         "AI za\n",
                                         " AIza\n",
                                         "AIza \n",
                                         "AIza\n\n",
                                         "AIza\nsecond\n",
                                         "AI\xc3\xa9"}) {
        const auto parsed = places::parse_key(wrong);
        REQUIRE(!parsed);
        CHECK(parsed.error().find("AI") == std::string::npos);
    }
}

TEST_CASE("places key: a file that is missing or wrong is named", "[herd]") {
    CHECK(places::read_key("", false).error() == "places.key_file: is not set");
    for (const bool shared : {false, true}) {
        const auto missing = places::read_key("/nonexistent/key", shared);
        REQUIRE(!missing);
        CHECK(missing.error().starts_with("places.key_file: /nonexistent/key: "));
        CHECK(!places::read_key("/", shared));
        CHECK(places::read_key("/dev/null", shared).error() ==
              "places.key_file: /dev/null: is not a file");
        const KeyFile empty("");
        CHECK(places::read_key(empty.path, shared).error() ==
              "places.key_file: " + empty.path + ": holds no key");
        const KeyFile good("AIzaTestKey\n");
        CHECK(*places::read_key(good.path, shared) == "AIzaTestKey");
        const KeyFile large(std::string(5000, 'k'));
        CHECK(places::read_key(large.path, shared).error() ==
              "places.key_file: " + large.path + ": is too long for a key");
    }
}

TEST_CASE("places key: one that everybody can read or change is refused unless that is wished",
          "[herd]") {
    const KeyFile file("AIzaTestKey\n");
    for (const mode_t mode : {0640U, 0660U, 0400U}) {
        REQUIRE(chmod(file.path.c_str(), mode) == 0);
        CHECK(*places::read_key(file.path, false) == "AIzaTestKey");
    }
    for (const mode_t mode : {0644U, 0602U}) {
        REQUIRE(chmod(file.path.c_str(), mode) == 0);
        CHECK(places::read_key(file.path, false).error() ==
              "places.key_file: " + file.path +
                  ": everybody on this machine can read or change it (chmod 600), and "
                  "places.key_shared is not "
                  "set");
        CHECK(*places::read_key(file.path, true) == "AIzaTestKey");
    }
    REQUIRE(chmod(file.path.c_str(), 0600) == 0);
    const std::string link = file.path + "-link";
    REQUIRE(symlink(file.path.c_str(), link.c_str()) == 0);
    CHECK(places::read_key(link, false).error() ==
          "places.key_file: " + link + ": is a symbolic link, and places.key_shared is not set");
    CHECK(*places::read_key(link, true) == "AIzaTestKey");
    std::remove(link.c_str());
}

}  // namespace
}  // namespace herd
