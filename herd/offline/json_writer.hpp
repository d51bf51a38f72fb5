#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace herd::offline {

// Appends JSON text to a string as Google's two services lay it out. The caller sees to it that
// keys and values alternate, and passes text that is UTF-8.
class JsonWriter {
public:
    enum class Layout : std::uint8_t {
        legacy,   // three blanks a level, `"key" : value`
        new_api,  // two blanks a level, `"key": value`
    };

    JsonWriter(std::string& out, Layout layout) : out_(out), layout_(layout) {}

    void begin_object() { begin('{'); }
    void end_object() { end('}'); }
    void begin_array() { begin('['); }
    void end_array() { end(']'); }
    void key(std::string_view name);
    void text(std::string_view value);
    void number(double value);
    void number(std::uint64_t value);
    // An array of short texts: the legacy service puts it on one line.
    void texts(std::span<const std::string_view> values);

private:
    void begin(char bracket);
    void end(char bracket);
    void before_value();
    void new_line();
    void quote(std::string_view value);

    std::string& out_;
    Layout layout_;
    std::uint32_t depth_ = 0;
    bool empty_ = true;  // The innermost object or array.
    bool after_key_ = false;
};

}  // namespace herd::offline
