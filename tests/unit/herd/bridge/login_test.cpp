#include "herd/bridge/login.hpp"

#include "tests/live/process.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <string>

namespace login_test {

using herd::bridge::read_login;

std::string secret(const live::TemporaryFolder& folder, const std::string& text) {
    const auto path = folder / "secret";
    std::ofstream(path, std::ios::binary) << text;
    std::filesystem::permissions(path, std::filesystem::perms::owner_read);
    return path.string();
}

TEST_CASE("bridge login: one line of a file that nobody else may read", "[herd][bridge]") {
    const live::TemporaryFolder folder;
    herd::config::Bridge bridge;
    CHECK((*read_login(bridge)).password.empty());
    bridge.password_file = secret(folder, "s3cr et\n");
    CHECK((*read_login(bridge)).password == "s3cr et");
    CHECK((*read_login(bridge)).token.empty());
    std::filesystem::permissions(bridge.password_file, std::filesystem::perms(0644));
    CHECK(read_login(bridge).error().starts_with("bridge.password_file: file "));
    std::filesystem::remove(bridge.password_file);
    CHECK_FALSE(read_login(bridge));
    bridge.password_file.clear();
    for (const std::string& text :
         {std::string(), std::string("\n"), std::string("a\nb"), std::string(513, 'x')}) {
        CAPTURE(text.size());
        bridge.token_file = secret(folder, text);
        CHECK(read_login(bridge).error().starts_with("bridge.token_file: file "));
        std::filesystem::remove(bridge.token_file);
    }
}

}  // namespace login_test
