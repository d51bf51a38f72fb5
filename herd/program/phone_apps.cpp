#include "herd/program/phone_apps.hpp"

#include <cassert>
#include <cstddef>
#include <cstdint>

namespace herd::program {

namespace {

// In Base64, without an end that a parser of links may stumble over: blanks behind JSON mean
// nothing.
std::string base64(std::string bytes) {
    constexpr std::string_view digits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    while (bytes.size() % 3 != 0) bytes += ' ';
    std::string text;
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        const auto byte = [&](std::size_t at) {
            return std::uint32_t{static_cast<unsigned char>(bytes[at])};
        };
        const std::uint32_t bits = byte(i) << 16 | byte(i + 1) << 8 | byte(i + 2);
        for (const unsigned shift : {18U, 12U, 6U, 0U}) text += digits[bits >> shift & 63];
    }
    return text;
}

// A part of a link.
std::string escaped(std::string_view text) {
    constexpr std::string_view plain =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    constexpr std::string_view hex = "0123456789ABCDEF";
    std::string out;
    for (const char byte : text) {
        if (plain.find(byte) != std::string_view::npos) {
            out += byte;
            continue;
        }
        const auto value = static_cast<unsigned char>(byte);
        out += '%';
        out += hex[value >> 4];
        out += hex[value & 15];
    }
    return out;
}

PhoneApp owntracks(const Phone& phone) {
    const std::string url = phone.herd + "/pub";
    // What Android calls one way and iOS another stands in both; each skips what it does not know.
    // What is in these fields needs no escaping: see Phone.
    const std::string file = R"({"_type":"configuration","mode":3,"url":")" + url +
                             R"(","auth":true,"usePassword":true,"username":")" + phone.user +
                             R"(","password":")" + phone.token + R"(","deviceId":")" +
                             phone.device + R"(","encryptionKey":""})";
    const std::string link = "owntracks:///config?inline=" + escaped(base64(file));
    const bool plain = phone.herd.starts_with("http://");
    return {
        .name = "owntracks",
        .title = "OwnTracks (Android, iOS)",
        .settings = {{"Mode", "HTTP"},
                     {"URL", url},
                     {"User", phone.user},
                     {"Password", phone.token},
                     {"Device", phone.device},
                     {"Encryption key", "none"}},
        .link = link,
        .scanned = link,
        .scan = "scan it with the phone's camera",
        .file = file + "\n",
        .file_name = "herd.otrc",
        .remark = plain ? "On iOS it speaks https only, since 26.2.3: see docs/phones.md." : ""};
}

PhoneApp traccar(const Phone& phone) {
    const std::string url = phone.herd + "/p/" + phone.token;
    return {.name = "traccar",
            .title = "Traccar Client (Android, iOS)",
            .settings = {{"Server URL", url}, {"Device identifier", phone.device}},
            .link = "org.traccar.client://config?url=" + escaped(url) + "&id=" + phone.device,
            .scanned = url + "?id=" + phone.device,
            .scan = "scan it from within the app, in its settings"};
}

PhoneApp osmand(const Phone& phone) {
    const std::string url = phone.herd + "/p/" + phone.token + "/" + phone.device +
                            "?lat={0}&lon={1}&timestamp={2}&accuracy={3}";
    return {.name = "osmand",
            .title = "OsmAnd (Android): plugin Trip recording, Online tracking",
            .settings = {{"Web address", url}},
            .scanned = url,
            .scan = "scan it with any app that copies what it reads"};
}

PhoneApp gpslogger(const Phone& phone) {
    const std::string url = phone.herd + "/p/" + phone.token + "/" + phone.device +
                            "?lat=%LAT&lon=%LON&time=%TIME&accuracy=%ACC";
    return {.name = "gpslogger",
            .title = "GPSLogger (Android): Logging details, Log to custom URL",
            .settings = {{"URL", url}, {"HTTP method", "GET"}, {"HTTP body", "none"}},
            .scanned = url,
            .scan = "scan it with any app that copies what it reads",
            .file =
                "log_customurl_enabled=true\nlog_customurl_method=GET\nlog_customurl_body=\n"
                "log_customurl_url=" +
                url + "\n",
            .file_name = "herd.properties"};
}

PhoneApp overland(const Phone& phone) {
    const std::string url = phone.herd + "/api";
    const std::string link = "overland://setup?url=" + escaped(url) + "&token=" + phone.token +
                             "&device_id=" + phone.device + "&unique_id=no";
    return {.name = "overland",
            .title = "Overland (iOS)",
            .settings = {{"Receiver endpoint URL", url},
                         {"Access token", phone.token},
                         {"Device ID", phone.device}},
            .link = link,
            .scanned = link,
            .scan = "scan it with the phone's camera"};
}

}  // namespace

std::vector<PhoneApp> phone_apps(const Phone& phone) {
    assert(!phone.herd.ends_with('/'));
    assert(!phone.device.empty());
    return {owntracks(phone), traccar(phone), osmand(phone), gpslogger(phone), overland(phone)};
}

std::string phone_app_names() {
    std::string names;
    for (const PhoneApp& app : phone_apps({"http://h", "t", "u", "d"})) {
        names += (names.empty() ? "" : ", ") + std::string(app.name);
    }
    return names;
}

}  // namespace herd::program
