#pragma once

#include <gtest/gtest.h>

#include <initializer_list>
#include <stdexcept>
#include <string>
#include <vector>

namespace muxnet::testing {

/// The text of the Error that `action` throws; fails the test when it throws none or another.
template <class Error = std::invalid_argument, class Action>
std::string error_of(Action&& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  } catch (const std::exception& error) {
    ADD_FAILURE() << "an exception of another type: " << error.what();
    return error.what();
  }
  ADD_FAILURE() << "no exception";
  return {};
}

inline ::testing::AssertionResult contains(const std::string& text, const std::string& part) {
  if (text.find(part) != std::string::npos) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << "'" << part << "' is not in '" << text << "'";
}

/// `action` must throw an Error with the text `message`.
template <class Error = std::invalid_argument, class Action>
void expect_error(Action&& action, const std::string& message) {
  EXPECT_EQ(error_of<Error>(action), message);
}

/// `action` must throw an Error whose text holds every one of `parts`.
template <class Error = std::invalid_argument, class Action>
void expect_error(Action&& action, const std::vector<std::string>& parts) {
  const std::string text = error_of<Error>(action);
  for (const std::string& part : parts) EXPECT_TRUE(contains(text, part));
}
template <class Error = std::invalid_argument, class Action>
void expect_error(Action&& action, std::initializer_list<std::string> parts) {
  expect_error<Error>(action, std::vector<std::string>(parts));
}

}  // namespace muxnet::testing
