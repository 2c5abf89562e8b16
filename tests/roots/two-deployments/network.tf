# A subnet in each region.
data "aws_availability_zones" "here" {
  state = "available"
}

data "aws_availability_zones" "elsewhere" {
  provider = aws.elsewhere
  state    = "available"
}

resource "aws_vpc" "here" {
  cidr_block = "10.40.0.0/24"
}

resource "aws_vpc" "elsewhere" {
  provider   = aws.elsewhere
  cidr_block = "10.41.0.0/24"
}

resource "aws_subnet" "here" {
  vpc_id            = aws_vpc.here.id
  cidr_block        = aws_vpc.here.cidr_block
  availability_zone = data.aws_availability_zones.here.names[0]
}

resource "aws_subnet" "elsewhere" {
  provider          = aws.elsewhere
  vpc_id            = aws_vpc.elsewhere.id
  cidr_block        = aws_vpc.elsewhere.cidr_block
  availability_zone = data.aws_availability_zones.elsewhere.names[0]
}
