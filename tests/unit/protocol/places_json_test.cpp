#include "protocol/places_json.hpp"

#include "tests/unit/protocol/places_outcome.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace std::string_view_literals;

namespace protocol {
namespace {

// As the legacy service lays out an answer.
const std::string google = R"({
   "html_attributions" : [],
   "next_page_token" : "Aap_uE",
   "results" : [
      {
         "geometry" : {
            "location" : {
               "lat" : 34.07029,
               "lng" : -118.44499900000001
            }
         },
         "name" : "Caf\u00e9 \"], [\" {",
         "rating" : 4.10,
         "types" : [ "cafe", "food" ]
      },
      {
         "name" : "Second",
         "results" : [ 1, 2, 3 ]
      },
      {
         "name" : "Third"
      }
   ],
   "status" : "OK"
}
)";

std::string google_cut_to(std::size_t bound) {
    std::string text = google.substr(0, google.size() - 1);
    const std::size_t first = text.find('[', text.find("\"results\"")) + 1;
    const std::size_t ends[] = {first,
                                text.find("\n      },\n      {\n         \"name\" : \"Second") + 8,
                                text.find("\n      },\n      {\n         \"name\" : \"Third") + 8};
    const std::size_t last = text.find("\n   ],\n   \"status\"");
    const std::size_t behind = bound == 0 ? last + 4 : last;
    return text.substr(0, ends[bound]) + text.substr(behind);
}

TEST_CASE("places_json: an answer within the bound only loses its last newline",
          "[protocol][places_json]") {
    const std::string text = google.substr(0, google.size() - 1);
    CHECK(cut(google, 3) == ok(text));
    CHECK(cut(google, 4) == ok(text));
    CHECK(cut(google, 20) == ok(text));
    CHECK(cut(google, 4294967295) == ok(text));
}

TEST_CASE("places_json: surplus results go, and nothing else does", "[protocol][places_json]") {
    CHECK(cut(google, 2) == ok(google_cut_to(2)));
    CHECK(cut(google, 1) == ok(google_cut_to(1)));
    CHECK(cut(google, 0) == ok(google_cut_to(0)));
}

TEST_CASE("places_json: results of any kind are counted", "[protocol][places_json]") {
    const std::string all = R"([1.50 , "a,]" ,null,true , false,[2,[]],{"a":[]} ,-0e-5, ""])";
    const std::string kept[] = {
        "[]",
        "[1.50]",
        R"([1.50 , "a,]"])",
        R"([1.50 , "a,]" ,null])",
        R"([1.50 , "a,]" ,null,true])",
        R"([1.50 , "a,]" ,null,true , false])",
        R"([1.50 , "a,]" ,null,true , false,[2,[]]])",
        R"([1.50 , "a,]" ,null,true , false,[2,[]],{"a":[]}])",
        R"([1.50 , "a,]" ,null,true , false,[2,[]],{"a":[]} ,-0e-5])",
        all,
        all,
    };
    for (std::uint32_t bound = 0; bound < std::size(kept); ++bound) {
        CHECK(cut(with_results(all), bound) == ok(with_results(kept[bound])));
    }
    CHECK(cut(with_results("[ 1 , 2 \n ]"), 1) == ok(with_results("[ 1 \n ]")));
    CHECK(cut(with_results("[ 1 , 2 \n ]"), 0) == ok(with_results("[]")));
}

TEST_CASE("places_json: an empty list stays as it is", "[protocol][places_json]") {
    CHECK(cut(with_results("[]"), 0) == ok(with_results("[]")));
    CHECK(cut(with_results("[ \n ]"), 5) == ok(with_results("[ \n ]")));
}

TEST_CASE("places_json: only the results at the top are cut", "[protocol][places_json]") {
    const std::string body =
        R"({"a":{"results":[1,2,3]},"results":[{"results":[1,2,3]},4],"b":[[1,2]],"status":"OK"})";
    CHECK(cut(body, 1) == ok(R"({"a":{"results":[1,2,3]},"results":[{"results":[1,2,3]}],)"
                             R"("b":[[1,2]],"status":"OK"})"));
}

TEST_CASE("places_json: a key may be spelled with escapes", "[protocol][places_json]") {
    CHECK(cut(R"({"r\u0065sults":[1,2],"st\u0061tus":"O\u004b"})", 1) ==
          ok(R"({"r\u0065sults":[1],"st\u0061tus":"O\u004b"})"));
    // Neither a NUL behind it nor a name of which it is the beginning makes the key.
    CHECK(cut(R"({"results\u0000":[1],"status":"OK"})", 1) == wrong_shape);
    CHECK(cut(R"({"resultsresultsresultsresultsresults":[1],"status":"OK"})", 1) == wrong_shape);
    CHECK(cut(R"({"Results":[1],"status":"OK"})", 1) == wrong_shape);
}

TEST_CASE("places_json: runs of newlines become one and none trails", "[protocol][places_json]") {
    CHECK(cut("{\n\n\"results\":\n\n\n[\n],\n\"status\":\"OK\"\n\n}\n\n\n", 5) ==
          ok("{\n\"results\":\n[\n],\n\"status\":\"OK\"\n}"));
    CHECK(cut("{\"results\":[],\"status\":\"OK\"} \t\r\n \n", 5) ==
          ok("{\"results\":[],\"status\":\"OK\"}"));
    CHECK(cut("\n\n{\"results\":[],\"status\":\"OK\"}", 5) ==
          ok("{\"results\":[],\"status\":\"OK\"}"));
    // Blanks or carriage returns between newlines are not ours to take.
    CHECK(cut("{\"results\":[],\n \n\r\n\"status\":\"OK\"}", 5) ==
          ok("{\"results\":[],\n \n\r\n\"status\":\"OK\"}"));
}

TEST_CASE("places_json: newlines on both sides of the cut become one", "[protocol][places_json]") {
    CHECK(cut("{\"results\":[1\n,2\n],\"status\":\"OK\"}", 1) ==
          ok("{\"results\":[1\n],\"status\":\"OK\"}"));
    CHECK(cut("{\"results\":[1,\n\n2\n\n],\"status\":\"OK\"}", 1) ==
          ok("{\"results\":[1\n],\"status\":\"OK\"}"));
}

TEST_CASE("places_json: escaped newlines in texts are kept", "[protocol][places_json]") {
    const std::string body = with_results(R"(["a\n\n\nb"])");
    CHECK(cut(body, 5) == ok(body));
}

TEST_CASE("places_json: numbers and texts stay as they are spelled", "[protocol][places_json]") {
    const std::string body = with_results(R"([21.25815178029151,1.0,1e0,1E+2,-0,0.1000,)"
                                          R"(12345678901234567890123,"\u00E9\/\ud83d\ude02é"])");
    CHECK(cut(body, 20) == ok(body));
}

TEST_CASE("places_json: every status is understood, an unknown one is an error",
          "[protocol][places_json]") {
    for (const std::string word : {"OK",
                                   "ZERO_RESULTS",
                                   "INVALID_REQUEST",
                                   "OVER_QUERY_LIMIT",
                                   "REQUEST_DENIED",
                                   "UNKNOWN_ERROR"}) {
        const std::string body = R"({"results":[],"status":")" + word + "\"}";
        CHECK(cut(body, 1) == Outcome{body, word});
    }
    for (const std::string word :
         {"", "ok", "NOT_FOUND", "OK\\u0000", "OKOKOKOKOKOKOKOKOKOKOKOKOKOKOKOKOKOKOKOKOKOKOK"}) {
        const std::string body = R"({"results":[],"status":")" + word + "\"}";
        CHECK(cut(body, 1) == Outcome{body, "UNKNOWN_ERROR"});
    }
}

TEST_CASE("places_json: JSON of another shape is refused", "[protocol][places_json]") {
    for (const std::string_view body : {"[]"sv,
                                        "1"sv,
                                        "\"OK\""sv,
                                        "null"sv,
                                        "{}"sv,
                                        R"({"status":"OK"})"sv,
                                        R"({"results":[]})"sv,
                                        R"({"results":{},"status":"OK"})"sv,
                                        R"({"results":null,"status":"OK"})"sv,
                                        R"({"results":[],"status":1})"sv,
                                        R"({"results":[],"status":["OK"]})"sv,
                                        R"({"results":[],"status":null})"sv,
                                        R"({"results":[],"results":[],"status":"OK"})"sv,
                                        R"({"results":[1,2],"results":[3],"status":"OK"})"sv,
                                        R"({"results":[],"status":"OK","status":"OK"})"sv,
                                        R"([{"results":[],"status":"OK"}])"sv,
                                        R"({"a":{"results":[],"status":"OK"}})"sv}) {
        CAPTURE(body);
        CHECK(cut(body, 5) == wrong_shape);
    }
}

TEST_CASE("places_json: what is not JSON is refused", "[protocol][places_json]") {
    const std::string good = with_results("[]");
    for (const std::string& body : {std::string(),
                                    std::string(" "),
                                    std::string("<html>502</html>"),
                                    good + "x",
                                    good + good,
                                    good + std::string("\0", 1),
                                    good + std::string("\0x", 2),
                                    "\xef\xbb\xbf" + good,
                                    with_results("[1,]"),
                                    with_results("[,1]"),
                                    with_results("[1 2]"),
                                    with_results("['a']"),
                                    with_results("[01]"),
                                    with_results("[+1]"),
                                    with_results("[.5]"),
                                    with_results("[1.]"),
                                    with_results("[NaN]"),
                                    with_results("[1e]"),
                                    with_results("[\"a\nb\"]"),
                                    with_results("[\"\\x\"]"),
                                    with_results("[\"\\u12g4\"]"),
                                    with_results("[\"\\ud800\"]"),
                                    with_results("[\"\\ud800\\u0041\"]"),
                                    with_results("[\"\xff\"]"),
                                    with_results("[\"\xc0\x80\"]"),
                                    with_results("[\"\xed\xa0\x80\"]"),
                                    with_results("[\"\xf5\x80\x80\x80\"]"),
                                    with_results("[\"\xc3\"]"),
                                    with_results("[tru]"),
                                    with_results("[1}"),
                                    with_results("[//\n]"),
                                    std::string("{\"a\"}"),
                                    std::string("{\"a\":}"),
                                    std::string("{,}"),
                                    std::string("{\"a\":1,}"),
                                    std::string("]"),
                                    std::string("\"")}) {
        CAPTURE(body);
        CHECK(cut(body, 5) == not_json);
    }
}

TEST_CASE("places_json: no proper beginning of an answer is one", "[protocol][places_json]") {
    const std::size_t end = google.rfind('}');
    for (std::size_t i = 0; i <= end; ++i) {
        CAPTURE(i);
        CHECK(cut(google.substr(0, i), 1) == not_json);
    }
}

TEST_CASE("places_json: nesting is bounded, whatever the size", "[protocol][places_json]") {
    const auto nested = [](std::size_t depth, bool closed) {
        const std::string end = closed ? std::string(depth, ']') : "";
        return R"({"results":[],"status":"OK","a":)" + std::string(depth, '[') + end + "}";
    };
    CHECK(cut(nested(places_depth_max - 1, true), 1) == ok(nested(places_depth_max - 1, true)));
    CHECK(cut(nested(places_depth_max, true), 1) == too_deep);
    CHECK(cut(nested(200'000, false), 1) == too_deep);
    CHECK(cut(std::string(200'000, '['), 1) == too_deep);
    CHECK(reshape(std::string(200'000, '[')) == too_deep);
    std::string objects;
    for (int i = 0; i < 200'000; ++i) objects += R"({"a":)";
    CHECK(cut(objects, 1) == too_deep);
}

TEST_CASE("places_json: values are counted, and there are not too many",
          "[protocol][places_json]") {
    const auto list = [](std::string_view value, std::size_t count) {
        std::string text = "[";
        for (std::size_t i = 0; i < count; ++i) text += (i > 0 ? "," : "") + std::string(value);
        return text + "]";
    };
    constexpr std::size_t others = 4;  // the lists, the status and all
    for (const char* const value : {"{}", "0", "\"\"", "[]", "null"}) {
        const std::string most = with_results(list(value, places_values_max - others));
        CHECK(cut(most, 50'000) == ok(most));
        CHECK(cut(with_results(list(value, places_values_max - others + 1)), 1) == too_large);
        CHECK(reshape(R"({"places":)" + list(value, 85'000) + "}") ==
              (value == std::string_view("{}") ? too_large : wrong_shape));
    }
}

TEST_CASE("places_json: long texts, keys and numbers need no room", "[protocol][places_json]") {
    const std::string body =
        with_results("[\"" + std::string(500'000, 'x') + "\",0." + std::string(500'000, '1') +
                     ",{\"" + std::string(500'000, 'k') + "\":1}]");
    CHECK(cut(body, 3) == ok(body));
}

TEST_CASE("places_json: a text that does not fit is a fault, at every size",
          "[protocol][places_json]") {
    const std::size_t size = google_cut_to(1).size();
    for (std::size_t i = 0; i < size; ++i) CHECK(cut(google, 1, i) == too_large);
    CHECK(cut(google, 1, size) == ok(google_cut_to(1)));
}

TEST_CASE("places_json: an answer is cut again without being read", "[protocol][places_json]") {
    for (const std::string& body : {google,
                                    with_results("[]"),
                                    with_results("[ \n\n ]"),
                                    with_results("[\n\n1\n\n,\n\n2 , [3]\n\n]"),
                                    "\n\n" + with_results("[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,"
                                                          "17,18,19,20,21,22,23]")}) {
        for (std::uint32_t bound = 0; bound <= 20; ++bound) {
            for (const std::uint32_t first : {bound, 20U, 22U, 4294967295U}) {
                CAPTURE(body, first, bound);
                CHECK(cut_twice(body, first, bound) == cut(body, bound).text);
            }
        }
    }
    // Whoever has no cuts is left as it is.
    std::vector<char> out(places_failure_size_min);
    std::vector<char> again(places_failure_size_min);
    const auto text = format_places_failure(out, PlacesStatus::unknown_error, "why");
    CHECK(cut_again(again, {text}, 0) == text);
}

TEST_CASE("places_json: cutting again changes nothing", "[protocol][places_json]") {
    for (std::uint32_t bound = 0; bound <= 3; ++bound) {
        const Outcome once = cut(google, bound);
        CHECK(cut(once.text, bound) == once);
        CHECK(cut(once.text, 20) == once);
    }
}

}  // namespace
}  // namespace protocol
