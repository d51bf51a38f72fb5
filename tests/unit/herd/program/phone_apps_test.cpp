#include "herd/program/phone_apps.hpp"

#include <catch2/catch.hpp>
#include <rapidjson/document.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

namespace phone_apps_test {

using namespace herd::program;

namespace {

const Phone phone{.herd = "https://herd.example.org",
                  .token = "AQMAAAAAAAAAAGFkYS8q-x_",
                  .user = "ada",
                  .device = "pixel-7"};

PhoneApp app(std::string_view name, const Phone& of = phone) {
    const auto all = phone_apps(of);
    const auto found = std::ranges::find(all, name, &PhoneApp::name);
    REQUIRE(found != all.end());
    return *found;
}

std::string setting(const PhoneApp& app, std::string_view name) {
    const auto found = std::ranges::find(app.settings, name, &PhoneApp::Setting::name);
    return found == app.settings.end() ? "none" : found->value;
}

std::string decoded(std::string_view text) {
    constexpr std::string_view digits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string bytes;
    std::uint32_t bits = 0;
    int count = 0;
    for (const char byte : text) {
        REQUIRE(digits.find(byte) != std::string_view::npos);
        bits = bits << 6 | static_cast<std::uint32_t>(digits.find(byte));
        count += 6;
        if (count < 8) continue;
        count -= 8;
        bytes += static_cast<char>(bits >> count & 0xff);
    }
    CHECK(count == 0);
    return bytes;
}

}  // namespace

TEST_CASE("phone apps: OwnTracks' link has its file, as both apps read it", "[herd][phones]") {
    const PhoneApp owntracks = app("owntracks");
    constexpr std::string_view begin = "owntracks:///config?inline=";
    REQUIRE(owntracks.link.starts_with(begin));
    CHECK(owntracks.scanned == owntracks.link);
    rapidjson::Document said;
    said.Parse(decoded(owntracks.link.substr(begin.size())).c_str());
    rapidjson::Document file;
    file.Parse(owntracks.file.c_str());
    REQUIRE_FALSE(said.HasParseError());
    CHECK(said == file);
    CHECK(std::string(said["_type"].GetString()) == "configuration");
    CHECK(said["mode"].GetInt() == 3);
    CHECK(std::string(said["url"].GetString()) == "https://herd.example.org/pub");
    CHECK(std::string(said["username"].GetString()) == "ada");
    CHECK(std::string(said["password"].GetString()) == phone.token);
    CHECK(std::string(said["deviceId"].GetString()) == "pixel-7");
    CHECK(said["auth"].GetBool());
    CHECK(owntracks.remark.empty());
    Phone plain = phone;
    plain.herd = "http://10.0.0.1:12501";
    CHECK(app("owntracks", plain).remark.find("https only") != std::string_view::npos);
}

TEST_CASE("phone apps: whatever their lengths, OwnTracks' link needs no padding",
          "[herd][phones]") {
    for (std::size_t size = 1; size < 9; ++size) {
        Phone other = phone;
        other.device = std::string(size, 'd');
        const std::string link = app("owntracks", other).link;
        CHECK(link.substr(link.find("inline=") + 7).find_first_of("=+/%") == std::string::npos);
    }
}

TEST_CASE("phone apps: Traccar Client has its token in the path, and its id beside",
          "[herd][phones]") {
    const PhoneApp traccar = app("traccar");
    CHECK(setting(traccar, "Server URL") == "https://herd.example.org/p/" + phone.token);
    CHECK(setting(traccar, "Device identifier") == "pixel-7");
    CHECK(traccar.link == "org.traccar.client://config?url=https%3A%2F%2Fherd.example.org%2Fp%2F" +
                              phone.token + "&id=pixel-7");
    CHECK(traccar.scanned == "https://herd.example.org/p/" + phone.token + "?id=pixel-7");
}

TEST_CASE("phone apps: those that are given a URL say all that counts in it", "[herd][phones]") {
    const std::string path = "https://herd.example.org/p/" + phone.token + "/pixel-7?";
    CHECK(setting(app("osmand"), "Web address") ==
          path + "lat={0}&lon={1}&timestamp={2}&accuracy={3}");
    CHECK(app("osmand").link.empty());
    const PhoneApp gpslogger = app("gpslogger");
    CHECK(setting(gpslogger, "URL") == path + "lat=%LAT&lon=%LON&time=%TIME&accuracy=%ACC");
    CHECK(gpslogger.file.find("log_customurl_url=" + setting(gpslogger, "URL") + "\n") !=
          std::string::npos);
}

TEST_CASE("phone apps: Overland's link says where, with what and who", "[herd][phones]") {
    CHECK(app("overland").link ==
          "overland://setup?url=https%3A%2F%2Fherd.example.org%2Fapi&token=" + phone.token +
              "&device_id=pixel-7&unique_id=no");
}

TEST_CASE("phone apps: their names are those that one asks by", "[herd][phones]") {
    CHECK(phone_app_names() == "owntracks, traccar, osmand, gpslogger, overland");
    for (const PhoneApp& each : phone_apps(phone)) {
        CHECK_FALSE(each.settings.empty());
        CHECK_FALSE(each.scanned.empty());
        CHECK(each.file.empty() == each.file_name.empty());
    }
}

}  // namespace phone_apps_test
