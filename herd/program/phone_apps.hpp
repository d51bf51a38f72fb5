#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace herd::program {

// A phone that is to report, as its apps are told. All but the URL are letters, digits, `.`, `-`
// and `_`, and not empty.
struct Phone {
    std::string herd = {};  // where phones reach the server: a URL without a slash behind
    std::string token = {};
    std::string user = {};  // for apps that want one
    std::string device = {};
};

// How one app is set up.
struct PhoneApp {
    struct Setting {
        std::string_view name;
        std::string value;
    };

    std::string_view name;               // for --app
    std::string_view title;              // what it is called, and where there is one
    std::vector<Setting> settings = {};  // to be typed
    std::string link = {};               // that sets it up, opened on the phone; empty: it has none
    std::string scanned = {};            // what its QR code says
    std::string_view scan = {};          // how that is used
    std::string file = {};               // its configuration's content; empty: it has none
    std::string_view file_name = {};
    std::string_view remark = {};
};

// Of all apps there is something to say about.
std::vector<PhoneApp> phone_apps(const Phone& phone);

// "owntracks, traccar, ...": their names.
std::string phone_app_names();

}  // namespace herd::program
