# A subnet in each region: the first of the account's own.
data "aws_subnets" "here" {}

data "aws_subnets" "elsewhere" {
  provider = aws.elsewhere
}

data "aws_subnet" "here" {
  id = data.aws_subnets.here.ids[0]
}

data "aws_subnet" "elsewhere" {
  provider = aws.elsewhere
  id       = data.aws_subnets.elsewhere.ids[0]
}
