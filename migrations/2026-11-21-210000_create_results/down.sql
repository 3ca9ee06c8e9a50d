DROP TABLE support_result;
DROP TABLE result_decision;
DROP TABLE result_request;
